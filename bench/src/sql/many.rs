//! Many small queries in one node: what each takes, and how long they take to start and to start again.
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use lentic::Node;

use super::service::{Service, context, declared, execute, session};

pub fn measure(dir: &Path, queries: usize) -> Result<()> {
    let service = Service::default();
    let node = service.open(dir)?;
    service.load(&node, 1)?;
    let (context, mut session) = (context(), session());
    let mut state = declared(&context, &mut session)?;
    let before = resident_kib()?;
    let begun = Instant::now();
    let mut ids = Vec::new();
    for number in 0..queries {
        let text = format!(
            "CREATE STREAM late_{number} WITH (kafka_topic='late') AS SELECT carrier, id FROM flights WHERE delay > {number};"
        );
        let executed = execute(&mut state, &context, &mut session, &text)?;
        let lentic_sql::statement::Executed::Changed(change) = executed else { continue };
        let query = change.effects.iter().find_map(|effect| match effect {
            lentic_sql::statement::Effect::Start(query) => Some(query),
            _ => None,
        });
        let plan = query.context("no query is started")?.plan.topology.clone();
        ids.push(plan.name().to_string());
        service.start(&node, plan)?;
    }
    all_run(&node, &ids)?;
    let started = begun.elapsed().as_secs_f64();
    let kib = (resident_kib()?.saturating_sub(before)) as f64 / queries.max(1) as f64;
    node.close(Duration::from_mins(1)).context("the node does not close")?;
    // The last handle has the lock of the log.
    drop(node);
    let begun = Instant::now();
    let node = service.open(dir)?;
    all_run(&node, &ids)?;
    println!(
        "queries={queries} started_seconds={started:.2} kib_each={kib:.0} again_seconds={:.2}",
        begun.elapsed().as_secs_f64()
    );
    node.close(Duration::from_mins(1)).context("the node does not close")?;
    std::fs::remove_dir_all(dir).ok();
    Ok(())
}

fn all_run(node: &Node, ids: &[String]) -> Result<()> {
    for id in ids {
        ensure!(
            node.wait_query(id, Duration::from_mins(5)),
            "{id} does not run: {:?}",
            node.query_status(id)
        );
    }
    Ok(())
}

/// Resident memory of this process.
fn resident_kib() -> Result<usize> {
    let text = std::fs::read_to_string("/proc/self/statm")?;
    let pages: usize = text.split(' ').nth(1).context("statm has no second figure")?.parse()?;
    Ok(pages * 4)
}
