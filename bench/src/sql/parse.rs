//! How long a statement takes from its text to its plan.
use std::time::Instant;

use anyhow::Result;
use lentic_sql_syntax::parse_statement;

use super::service::{context, declared, execute, session};

const STATEMENT: &str = "CREATE TABLE hourly AS SELECT origin, COUNT(*) AS n, AVG(delay) AS mean, MAX(delay) AS most FROM flights \
                         WINDOW TUMBLING (SIZE 1 HOUR) WHERE delay > 0 AND note LIKE '%text%' GROUP BY origin HAVING COUNT(*) > 2;";
const TIMES: u32 = 2_000;

pub fn measure(runs: usize) -> Result<()> {
    let (mut parsed, mut planned) = (Vec::new(), Vec::new());
    let (context, mut session) = (context(), session());
    let state = declared(&context, &mut session)?;
    for _ in 0..runs {
        let begun = Instant::now();
        for _ in 0..TIMES {
            parse_statement(STATEMENT).map_err(|error| anyhow::anyhow!("{error}"))?;
        }
        parsed.push(begun.elapsed().as_secs_f64() * 1e6 / f64::from(TIMES));
        let begun = Instant::now();
        for _ in 0..TIMES {
            let mut state = state.clone();
            execute(&mut state, &context, &mut session, STATEMENT)?;
        }
        planned.push(begun.elapsed().as_secs_f64() * 1e6 / f64::from(TIMES));
    }
    println!(
        "parse_microseconds={:.1} parse_and_plan_microseconds={:.1}",
        super::middle(&mut parsed),
        super::middle(&mut planned)
    );
    Ok(())
}
