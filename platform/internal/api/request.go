package api

// SessionRequest opens a console session by presenting the server's token.
type SessionRequest struct {
	Token string `json:"token"`
}

// BreakRequest arms one fault of the demo shop.
type BreakRequest struct {
	Name string `json:"name"`
}

// ProtectionRequest turns the policies of the demo shop on or off.
type ProtectionRequest struct {
	Protected bool `json:"protected"`
}
