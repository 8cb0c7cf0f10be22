package config

// SettingError is a value that cannot hold.
type SettingError struct {
	Key string // of the file
	// Source says where the value was given: "environment BACKSTAY_LISTEN",
	// "flag --listen", or empty when it is unknown.
	Source string
	Err    error
}

func (e *SettingError) Error() string {
	if e.Source != "" {
		return e.Source + ": " + e.Err.Error()
	}
	return e.Key + ": " + e.Err.Error()
}

func (e *SettingError) Unwrap() error { return e.Err }

// Hint is what to do next.
func (e *SettingError) Hint() string { return "docs/reference/config.md explains " + e.Key }

// FromEnv overrides c by the environment, which getenv reads as [os.LookupEnv] does.
// An empty variable counts as absent.
func FromEnv(c *Config, getenv func(string) (string, bool)) error {
	for _, s := range Settings() {
		text, ok := getenv(s.Env)
		if !ok || text == "" {
			continue
		}
		if err := s.Set(c, text); err != nil {
			return &SettingError{Key: s.Key, Source: "environment " + s.Env, Err: err}
		}
	}
	return nil
}

// Check returns the first value of c that cannot hold, as a [*SettingError].
func (c Config) Check() error {
	for _, s := range Settings() {
		if s.check == nil {
			continue
		}
		if err := s.check(&c); err != nil {
			return &SettingError{Key: s.Key, Err: err}
		}
	}
	return nil
}
