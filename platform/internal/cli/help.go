package cli

// helpTemplate puts what people copy first: one sentence, examples, then the rest.
const helpTemplate = `{{.Short}}.
{{- if .HasExample}}

Examples:
{{.Example}}
{{- end}}
{{- with .Long}}

{{. | trimTrailingWhitespaces}}
{{- end}}

{{.UsageString}}`

const usageTemplate = `Usage:
{{- if .HasAvailableSubCommands}}
  {{.CommandPath}} <command>
{{- else}}
  {{.UseLine}}
{{- end}}
{{- if .HasAvailableSubCommands}}

Commands:
{{- range .Commands}}{{if .IsAvailableCommand}}
  {{rpad .Name .NamePadding}}  {{.Short}}{{end}}{{end}}
{{- end}}
{{- if .HasAvailableLocalFlags}}

Flags:
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}
{{- end}}
{{- if .HasAvailableInheritedFlags}}

Flags of every command:
{{.InheritedFlags.FlagUsages | trimTrailingWhitespaces}}
{{- end}}
{{- if .HasAvailableSubCommands}}

'{{.CommandPath}} <command> --help' explains a command.
{{- end}}
`
