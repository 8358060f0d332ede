//! The world a plan happens in.

use std::collections::BTreeMap;

use bus::MemoryBus;
use bus_schema::Time;

use crate::{
    observe::{Liveness, Moment, Occasion, Run},
    plan::Plan,
    planted::{self, Planted},
};

/// Plays a plan.
pub fn run(plan: &Plan, planted: Option<Planted>) -> Run {
    run_observed(plan, planted, &mut |_| ())
}

/// Plays a plan and shows every moment of it.
pub fn run_observed(plan: &Plan, planted: Option<Planted>, observer: &mut dyn FnMut(&Moment<'_>)) -> Run {
    let _twist = planted::twist(planted);
    let bus = MemoryBus::new();
    for step in &plan.actions {
        let occasion = Occasion::Step(step);
        observer(&Moment {
            at_ms: step.at_ms,
            now: Time(0),
            occasion,
            bus: &bus,
            sent: &[],
            mail: &[],
            decided: &[],
            stopped: &[],
            folds: &[],
        });
    }
    Run {
        streams: BTreeMap::new(),
        sent: Vec::new(),
        mail: Vec::new(),
        decided: Vec::new(),
        stopped: Vec::new(),
        folds: Vec::new(),
        liveness: Liveness::Stuck { why: "no process runs in this world".into() },
        coverage: BTreeMap::new(),
        ended: Vec::new(),
        trace: Vec::new(),
        hash: String::new(),
    }
}
