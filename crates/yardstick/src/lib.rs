//! The hot functions of the pipeline as cases: for wall time (`cargo bench -p yardstick`), and for instruction counts,
//! which are the same on a busy machine (`cargo run --release -p yardstick -- compare`).
//!
//! It is deliberately no test: nothing here runs with `cargo test`. Invariant: the same build does the same work in the
//! same order every time.

mod steps;
mod way;
mod world;

/// A hot function with what it works on.
pub struct Case {
    /// Its name: `door.admit`, `step.health`.
    pub name: &'static str,
    /// What one run handles: events mostly, see the name.
    pub units: u32,
    run: Box<dyn FnMut()>,
}

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Case").field("name", &self.name).field("units", &self.units).finish_non_exhaustive()
    }
}

impl Case {
    fn new(name: &'static str, units: usize, run: impl FnMut() + 'static) -> Self {
        Self { name, units: u32::try_from(units.max(1)).unwrap_or(u32::MAX), run: Box::new(run) }
    }

    /// Runs it once.
    pub fn run(&mut self) {
        (self.run)();
    }
}

/// The name of every case.
pub const NAMES: &[&str] = &[
    "door.admit",
    "event.write",
    "event.read",
    "batch.pack",
    "batch.unpack",
    "message.hash",
    "router.decide",
    "step.onboarding",
    "step.escalation",
    "step.health",
    "step.churn",
    "step.renewal",
    "step.expansion",
    "step.advocacy",
    "step.engagement",
    "step.supervisor",
    "state.encode.health",
    "state.encode.churn",
    "runtime.fold",
    "store.write",
];

/// A case by its name, ready to run.
pub fn case(name: &str) -> Option<Case> {
    let case = match name {
        "door.admit" => way::admit(),
        "event.write" => way::write(),
        "event.read" => way::read(),
        "batch.pack" => way::pack(),
        "batch.unpack" => way::unpack(),
        "message.hash" => way::hash(),
        "router.decide" => way::decide(),
        "step.onboarding" => steps::step::<onboarding::Onboarding>("step.onboarding"),
        "step.escalation" => steps::step::<escalation::Escalation>("step.escalation"),
        "step.health" => steps::step::<health::Health>("step.health"),
        "step.churn" => steps::step::<churn::Churn>("step.churn"),
        "step.renewal" => steps::step::<renewal::Renewal>("step.renewal"),
        "step.expansion" => steps::step::<expansion::Expansion>("step.expansion"),
        "step.advocacy" => steps::step::<advocacy::Advocacy>("step.advocacy"),
        "step.engagement" => steps::step::<engagement::Engagement>("step.engagement"),
        "step.supervisor" => steps::step::<supervisor::Supervisor>("step.supervisor"),
        "state.encode.health" => steps::encode::<health::Health>("state.encode.health"),
        "state.encode.churn" => steps::encode::<churn::Churn>("state.encode.churn"),
        "runtime.fold" => steps::fold(),
        "store.write" => way::store(),
        _ => return None,
    };
    Some(case)
}

/// Mean bytes of a state as it is stored, by agent, after the world's events.
pub fn state_bytes() -> Vec<(&'static str, usize)> {
    vec![
        steps::bytes::<onboarding::Onboarding>(),
        steps::bytes::<escalation::Escalation>(),
        steps::bytes::<health::Health>(),
        steps::bytes::<churn::Churn>(),
        steps::bytes::<renewal::Renewal>(),
        steps::bytes::<expansion::Expansion>(),
        steps::bytes::<advocacy::Advocacy>(),
        steps::bytes::<engagement::Engagement>(),
        steps::bytes::<supervisor::Supervisor>(),
    ]
}
