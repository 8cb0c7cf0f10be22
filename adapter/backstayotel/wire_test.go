package backstayotel_test

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
)

// received is what the test's receiver keeps of a span.
type received struct {
	trace, id, parent, name string
	kind, status            uint64
	attrs, resource         map[string]string
}

var errWire = errors.New("malformed message")

// walk calls visit for each field of a protobuf message: with the number for
// varints, with the bytes for what has a length.
func walk(b []byte, visit func(field int, n uint64, data []byte) error) error {
	for len(b) > 0 {
		tag, used := binary.Uvarint(b)
		if used <= 0 {
			return errWire
		}
		b = b[used:]
		var (
			n    uint64
			data []byte
			size int
		)
		switch tag & 7 {
		case 0:
			n, size = binary.Uvarint(b)
		case 1:
			size = 8
		case 2:
			n, size = binary.Uvarint(b)
			if size <= 0 || n > uint64(len(b)-size) {
				return errWire
			}
			data = b[size : size+int(n)]
			size += int(n)
		case 5:
			size = 4
		}
		if size <= 0 || size > len(b) {
			return errWire
		}
		if err := visit(int(tag>>3), n, data); err != nil {
			return err
		}
		b = b[size:]
	}
	return nil
}

// spansOf reads an ExportTraceServiceRequest.
func spansOf(b []byte) (spans []received, err error) {
	err = walk(b, func(field int, _ uint64, resourceSpans []byte) error {
		if field != 1 {
			return nil
		}
		resource := map[string]string{}
		return walk(resourceSpans, func(field int, _ uint64, data []byte) error {
			switch field {
			case 1:
				return walk(data, func(field int, _ uint64, kv []byte) error {
					if field != 1 {
						return nil
					}
					return attribute(kv, resource)
				})
			case 2:
				return walk(data, func(field int, _ uint64, span []byte) error {
					if field != 2 {
						return nil
					}
					s, err := spanOf(span)
					s.resource = resource
					spans = append(spans, s)
					return err
				})
			}
			return nil
		})
	})
	return spans, err
}

func spanOf(b []byte) (received, error) {
	s := received{attrs: map[string]string{}}
	err := walk(b, func(field int, n uint64, data []byte) error {
		switch field {
		case 1:
			s.trace = hex.EncodeToString(data)
		case 2:
			s.id = hex.EncodeToString(data)
		case 4:
			s.parent = hex.EncodeToString(data)
		case 5:
			s.name = string(data)
		case 6:
			s.kind = n
		case 9:
			return attribute(data, s.attrs)
		case 15:
			return walk(data, func(field int, n uint64, _ []byte) error {
				if field == 3 {
					s.status = n
				}
				return nil
			})
		}
		return nil
	})
	return s, err
}

// attribute keeps the text of a string, and that a value of another type is there.
func attribute(b []byte, into map[string]string) error {
	var key, value string
	err := walk(b, func(field int, _ uint64, data []byte) error {
		if field == 1 {
			key = string(data)
			return nil
		}
		return walk(data, func(field int, n uint64, text []byte) error {
			switch field {
			case 1:
				value = string(text)
			case 3:
				value = "int " + string(binary.AppendUvarint(nil, n))
			default:
				value = "other"
			}
			return nil
		})
	})
	into[key] = value
	return err
}
