//! A stopwatch from `exec` to the first full answer.
use std::fs::File;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::http::Connection;

/// Arguments of `start`. The program goes on running; its process id is printed.
#[derive(Args)]
pub struct Start {
    /// Where the program will listen.
    #[arg(long)]
    address: SocketAddr,
    /// Paths that must all answer 200; asked in this order.
    #[arg(long, required = true)]
    get: Vec<String>,
    /// A request to send first, as soon as the program listens (a declaration): its path.
    #[arg(long)]
    post: Option<String>,
    /// Its body.
    #[arg(long, default_value = "")]
    body: String,
    /// Where the program's output goes.
    #[arg(long)]
    log: PathBuf,
    /// Seconds after which it is given up.
    #[arg(long, default_value_t = 900)]
    timeout: u64,
    /// The program and its arguments.
    #[arg(last = true, required = true)]
    command: Vec<String>,
}

/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(2);

impl Start {
    pub fn run(&self) -> Result<()> {
        let log = File::create(&self.log).with_context(|| crate::shown(&self.log))?;
        let begin = Instant::now();
        let mut child = Command::new(&self.command[0])
            .args(&self.command[1..])
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| self.command[0].clone())?;
        let mut connection = None;
        let mut posted = self.post.is_none();
        let mut answered = 0;
        let mut last = String::new();
        while answered < self.get.len() {
            if let Some(status) = child.try_wait()? {
                bail!("the program ended: {status}; see {}", crate::shown(&self.log));
            }
            if begin.elapsed() > Duration::from_secs(self.timeout) {
                child.kill()?;
                bail!("no full answer after {} s; last: {last}", self.timeout);
            }
            match self.attempt(&mut connection, posted, &self.get[answered]) {
                Ok((status, _)) if !posted && status < 300 => posted = true,
                Ok((200, _)) => answered += 1,
                Ok((status, body)) if !posted && status < 500 => {
                    child.kill()?;
                    bail!("the declaration was refused: {status} {body}");
                }
                Ok((status, body)) => {
                    last = format!("{status} {body}");
                    std::thread::sleep(PAUSE);
                }
                Err(error) => {
                    last = error.to_string();
                    connection = None;
                    std::thread::sleep(PAUSE);
                }
            }
        }
        println!("pid={} seconds={:.3}", child.id(), begin.elapsed().as_secs_f64());
        Ok(())
    }

    fn attempt(&self, connection: &mut Option<Connection>, posted: bool, get: &str) -> Result<(u16, String)> {
        let open = match connection {
            Some(open) => open,
            None => connection.insert(Connection::open(self.address)?),
        };
        let answer = match &self.post {
            Some(path) if !posted => {
                open.request("POST", path, "Content-Type: application/json\r\n", self.body.as_bytes())?
            }
            _ => open.request("GET", get, "", b"")?,
        };
        Ok((answer.status, String::from_utf8_lossy(&answer.body).into_owned()))
    }
}
