package shop

import (
	"encoding/json"
	"net/http"
)

// answer writes v as JSON. A client that went away is the only way it can fail.
func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) //nolint:errchkjson // see above
}
