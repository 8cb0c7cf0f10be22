package control

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// MaxEvent is how many bytes an event of the stream, and so a snapshot, may have.
const MaxEvent = 8 << 20

// errTooLarge means that the server sent more than [MaxEvent] in one event.
var errTooLarge = errors.New("control: event larger than 8 MiB")

// message is one server-sent event.
type message struct {
	name string
	data []byte
}

// stream reads server-sent events (WHATWG HTML §9.2) as far as the control
// stream uses them: event and data; comments only show that the server lives.
type stream struct {
	r     *bufio.Reader
	alive func() // called for every line
}

func newStream(r io.Reader, alive func()) *stream {
	return &stream{r: bufio.NewReader(r), alive: alive}
}

// next returns the next event that has data. An event cut off by the end of the
// stream is dropped, as the standard says.
func (s *stream) next() (message, error) {
	var m message
	size := 0
	hasData := false
	for {
		line, err := s.line(MaxEvent - size)
		if err != nil {
			return message{}, err
		}
		s.alive()
		size += len(line)
		if len(line) == 0 {
			if hasData {
				return m, nil
			}
			m, size = message{}, 0
			continue
		}
		field, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(field) {
		case "event":
			m.name = string(value)
		case "data":
			if hasData {
				m.data = append(m.data, '\n')
			}
			m.data = append(m.data, value...)
			hasData = true
		}
	}
}

// line reads a line without its end; lines end with LF or CR LF.
func (s *stream) line(most int) ([]byte, error) {
	var line []byte
	for {
		piece, err := s.r.ReadSlice('\n')
		if len(line)+len(piece) > most {
			return nil, errTooLarge
		}
		line = append(line, piece...)
		switch {
		case err == nil:
			return bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r")), nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
	}
}
