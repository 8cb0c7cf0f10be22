package api

import (
	"errors"
	"net/http"
)

var errNoShop = NewProblem(http.StatusNotFound, "this server runs no demo shop", "start one with 'backstay dev'")

func demo(h *handler, _ http.ResponseWriter, r *http.Request) (outcome, error) {
	if h.Shop == nil {
		return outcome{}, errNoShop
	}
	return answer(h.Shop.Status(r.Context()))
}

func breakDemo(h *handler, w http.ResponseWriter, r *http.Request) (outcome, error) {
	if h.Shop == nil {
		return outcome{}, errNoShop
	}
	req, err := readJSON[BreakRequest](r)
	if err != nil {
		return outcome{}, err
	}
	if err := h.Shop.Break(r.Context(), req.Name); err != nil {
		if errors.Is(err, ErrNotFound) {
			return outcome{}, NewProblem(http.StatusNotFound, "the demo shop knows no fault "+quote(req.Name), "'backstay demo status' lists the faults")
		}
		return outcome{}, err
	}
	return demo(h, w, r)
}

func healDemo(h *handler, w http.ResponseWriter, r *http.Request) (outcome, error) {
	if h.Shop == nil {
		return outcome{}, errNoShop
	}
	if err := h.Shop.Heal(r.Context()); err != nil {
		return outcome{}, err
	}
	return demo(h, w, r)
}

func protectDemo(h *handler, w http.ResponseWriter, r *http.Request) (outcome, error) {
	if h.Shop == nil {
		return outcome{}, errNoShop
	}
	req, err := readJSON[ProtectionRequest](r)
	if err != nil {
		return outcome{}, err
	}
	if err := h.Shop.Protect(r.Context(), req.Protected); err != nil {
		return outcome{}, err
	}
	return demo(h, w, r)
}
