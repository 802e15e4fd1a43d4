//! What there is to say about the shell itself.

/// The help.
pub(crate) const HELP: &str = "\
Statements end with a semicolon and may have several lines; what they mean is in the SQL reference.
These lines need no semicolon:

  help, \\?                     this text
  exit, quit, \\q               the end (also Ctrl-D)
  clear                        an empty screen (also Ctrl-L)
  history, \\s                  what was typed
  version                      which shell and which server this is
  server [URL], \\c [URL]       where the server is, or another server
  output [JSON | TABULAR]      what answers look like
  set cli wrap [on | off]      whether long texts are wrapped, or cut
  run script 'FILE', \\i FILE   the statements of a file
  spool 'FILE' | spool off     a copy of everything in a file, or no longer (\\o FILE, \\o)

  \\d            streams and tables         \\d NAME      columns of one
  \\d+ NAME      all that is known of it    \\ds, \\dt     streams, tables
  \\df [NAME]    functions, one of them     \\dk          topics
  \\dq [ID]      queries, one of them       \\dT          types
  \\dp           properties                 \\dv          variables

Kept in the session and sent with each statement:

  SET 'property' = 'value';    UNSET 'property';
  DEFINE name = 'value';       UNDEFINE name;       ${name} stands for the value

Ctrl-C stops a query, or forgets what is being typed. Tab completes names and keywords. Ctrl-R searches what was typed.
";
