package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
)

// encode writes JSON in which every list is a list: a nil slice becomes [], so
// that readers need no case for null.
func encode(body any) ([]byte, error) {
	v := reflect.ValueOf(body)
	fresh := reflect.New(v.Type()).Elem()
	fresh.Set(v)
	fillLists(fresh)
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(fresh.Interface()); err != nil {
		return nil, fmt.Errorf("encoding %s: %w", v.Type(), err)
	}
	return b.Bytes(), nil
}

// fillLists puts empty slices for nil ones in the settable value v. Slices are
// copied before their elements are touched, since the backend may still own them.
func fillLists(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for _, f := range v.Fields() {
			if f.CanSet() {
				fillLists(f)
			}
		}
	case reflect.Slice:
		if v.IsNil() {
			v.Set(reflect.MakeSlice(v.Type(), 0, 0))
			return
		}
		if !holdsLists(v.Type().Elem()) {
			return
		}
		fresh := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(fresh, v)
		for i := range fresh.Len() {
			fillLists(fresh.Index(i))
		}
		v.Set(fresh)
	case reflect.Pointer:
		if v.IsNil() || !holdsLists(v.Type().Elem()) {
			return
		}
		fresh := reflect.New(v.Type().Elem())
		fresh.Elem().Set(v.Elem())
		fillLists(fresh.Elem())
		v.Set(fresh)
	default:
	}
}

// holdsLists reports whether values of t can hold a slice of ours.
func holdsLists(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Slice:
		return true
	case reflect.Pointer:
		return holdsLists(t.Elem())
	case reflect.Struct:
		for f := range t.Fields() {
			if f.IsExported() && holdsLists(f.Type) {
				return true
			}
		}
	default:
	}
	return false
}
