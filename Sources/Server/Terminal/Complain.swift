/// Says on standard error what is wrong, after the lines of the log. Line feeds in the text end lines; to a text of
/// others `TerminalText.line` is applied before.
package func complain(_ text: String) { LogWriter.standardError.write(TerminalText.lines(text) + "\n") }
