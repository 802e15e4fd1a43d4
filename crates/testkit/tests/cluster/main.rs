//! Topologies in a simulated cluster, under schedules of crashes, zombies, rebalances and open transactions.
//!
//! `SEED=<n>` runs one seed, `SEEDS=<n>` that many from 0 on.
#[path = "../random/chance.rs"]
mod chance;
#[path = "../random/input.rs"]
mod input;
#[path = "../random/model.rs"]
mod model;
#[path = "../random/program.rs"]
mod program;
#[path = "../random/results.rs"]
mod results;
#[path = "../random/table_model.rs"]
mod table_model;
#[path = "../random/written.rs"]
mod written;

mod counted;
mod random;

fn seeds(default: u64) -> Vec<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    match number("SEED") {
        Some(seed) => vec![seed],
        None => (0..number("SEEDS").unwrap_or(default)).collect(),
    }
}

#[test]
fn every_update_comes_exactly_once() -> Result<(), String> {
    for seed in seeds(200) { if let Err(e) = counted::check(seed, &[]) { println!("{e}\n=====");  } } Ok(())
}

#[test]
fn topologies_are_folds_of_their_input() -> Result<(), String> {
    for seed in seeds(200) { if let Err(e) = random::check(seed, &[]) { println!("{e}\n=====");  } } Ok(())
}

#[test]
fn survey() {
    use lentic_testkit::Rule;
    let mut all: Vec<Vec<Rule>> = Rule::ALL.iter().map(|rule| vec![*rule]).collect();
    all.push(vec![]);
    all.push(vec![Rule::Fence, Rule::TakeOver]);
    all.push(vec![Rule::Fence, Rule::TakeOver, Rule::Generations]);
    if std::env::var("ONE").is_ok() { for seed in seeds(1) { let c = counted::run(seed, &[], &[lentic_testkit::Accident::Crash]).unwrap().0; println!("{}\n{}", c.trace().join("\n"), c.dump()); } return; }
    for rule in all {
        let accidents = match std::env::var("CRASH") { Ok(_) => vec![lentic_testkit::Accident::Crash], _ => lentic_testkit::Accident::ALL.to_vec()};
        let mut failed = Vec::new();
        let mut waits = Vec::new();
        let mut why = std::collections::BTreeMap::<String, u32>::new();
        for seed in seeds(1000) {
            let outcome = std::panic::catch_unwind(|| match counted::run(seed, &rule, &accidents) { Ok((c, _)) => {let w = c.longest_wait_ms(); counted::check(seed, &rule).map(|()| w)}, Err(e) => Err(e)});
            match outcome {
                Ok(Ok(w)) => waits.push((w, seed)),
                Ok(Err(e)) => { failed.push(seed); let l = e.lines().next().unwrap_or_default(); *why.entry(l.split(':').nth(1).unwrap_or_default().split(' ').filter(|w| w.chars().all(|c| c.is_alphabetic())).collect::<Vec<_>>().join(" ")).or_default() += 1; }
                Err(_) => { failed.push(seed); *why.entry("panic".into()).or_default() += 1; }
            }
        }
        waits.sort();
        println!("{rule:?}: {} first {:?} waits {:?} {why:?}", failed.len(), failed.first(), &waits[waits.len().saturating_sub(5)..]);
    }
}
