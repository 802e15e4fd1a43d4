//! What HTTP alone costs: an axum handler that answers a constant.
use std::net::SocketAddr;

use anyhow::Result;
use axum::Router;
use axum::body::Bytes;
use axum::http::header;
use axum::routing::get;
use clap::Args;

/// Arguments of `constant`.
#[derive(Args)]
pub struct Constant {
    #[arg(long, default_value = "127.0.0.1:8090")]
    listen: SocketAddr,
    #[arg(long, default_value_t = 100)]
    value_bytes: usize,
}

impl Constant {
    pub fn run(&self) -> Result<()> {
        let value = Bytes::from(crate::dataset::value(0, self.value_bytes));
        let answer = move || {
            let value = value.clone();
            async move { ([(header::CONTENT_TYPE, "application/json")], value) }
        };
        let app = Router::new().route("/rows/{key}", get(answer));
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind(self.listen).await?;
            println!("listening on {}", listener.local_addr()?);
            axum::serve(listener, app).await?;
            Ok(())
        })
    }
}
