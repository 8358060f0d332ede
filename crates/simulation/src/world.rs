//! The world a plan happens in: the product's own parts on one thread, in virtual time.

mod act;
mod cards;
mod finish;
mod line;
mod person;
mod post;
mod process;
mod producer;
mod random;
mod rules;
mod shared;
mod stops;
mod stores;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bus::{Bus, MemoryBus, Provisioning};
use bus_schema::{Actor, ActorKind, Partitions, door::Door};
use tokio::time::sleep;

use self::{
    cards::Cards,
    line::{Life, Line},
    person::Person,
    process::{Processes, TENANT_KEY},
    producer::Producer,
    shared::Shared,
};
use crate::{
    observe::{Moment, Occasion, Run},
    plan::{PRELUDE_MS, Plan, Process},
    planted::{self, Planted},
};

/// Longest virtual time between two moments that are shown.
const MOMENT_MS: u64 = 1_000;
/// The persons.
const PERSONS: [&str; 2] = ["ana", "bo"];

/// Plays a plan.
pub fn run(plan: &Plan, planted: Option<Planted>) -> Run {
    run_observed(plan, planted, &mut |_| ())
}

/// Plays a plan and shows every moment of it.
///
/// # Panics
/// The operating system gives no runtime.
#[expect(clippy::expect_used, reason = "without a runtime there is no history to answer with")]
pub fn run_observed(plan: &Plan, planted: Option<Planted>, observer: &mut dyn FnMut(&Moment<'_>)) -> Run {
    let tokio = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    tokio.expect("a runtime of one thread").block_on(async {
        let mut world = World::begin(plan, planted, observer).await;
        for step in &plan.actions {
            world.wait_until(PRELUDE_MS.saturating_add(step.at_ms)).await;
            world.act(&step.action).await;
            world.show(Occasion::Step(step));
        }
        world.finish().await
    })
}

/// A world at a moment.
struct World<'a> {
    shared: Arc<Shared>,
    streams: MemoryBus,
    processes: Processes,
    producer: Producer,
    /// The bus as persons and customers have it.
    outside: Bus,
    persons: [Person; 2],
    /// What the log says of proposals.
    cards: Cards,
    /// What each person last looked at.
    pages: [Cards; 2],
    observer: &'a mut dyn FnMut(&Moment<'_>),
}

impl<'a> World<'a> {
    /// A log with its rules, one process of each kind, and accounts that are known.
    async fn begin(plan: &Plan, planted: Option<Planted>, observer: &'a mut dyn FnMut(&Moment<'_>)) -> Self {
        let mut shape = plan.shape.clone();
        shape.partitions = shape.partitions.clamp(1, 4);
        let shared = Arc::new(Shared::new(plan.seed, shape, planted::twist(planted)));
        let streams = shared::streams(&shared);
        let direct = Bus::from(streams.clone());
        let installed = install(&shared, &direct).await;
        let outside = Line::bus(&streams, &shared, shared.who(None), &Arc::new(Life::default()));
        let addresses = Arc::new(addresses(&shared));
        let persons = PERSONS.map(|name| Person {
            name,
            shared: Arc::clone(&shared),
            bus: outside.clone(),
            streams: streams.clone(),
            addresses: Arc::clone(&addresses),
        });
        let mut world = Self {
            processes: Processes::new(&shared, &streams, installed),
            producer: Producer::new(&shared, outside.clone()),
            streams,
            outside,
            persons,
            cards: Cards::default(),
            pages: [Cards::default(), Cards::default()],
            observer,
            shared,
        };
        for process in [Process::Router, Process::Agents, Process::Courier] {
            world.processes.start(process);
        }
        for number in 0..world.shared.shape.accounts.max(1) {
            let account = producer::account(&world.shared.shape, number);
            world.producer.introduce(&account);
        }
        world
    }

    /// Lets virtual time pass, and shows what comes of it.
    async fn wait_until(&mut self, virtual_ms: u64) {
        loop {
            let left = virtual_ms.saturating_sub(self.shared.time.virtual_ms());
            if left == 0 {
                return;
            }
            sleep(Duration::from_millis(left.min(MOMENT_MS))).await;
            self.processes.tend();
            self.accept_steps();
            self.show(Occasion::Passed);
        }
    }

    fn show(&mut self, occasion: Occasion<'_>) {
        let book = self.shared.book();
        (self.observer)(&Moment {
            at_ms: self.shared.time.virtual_ms().saturating_sub(PRELUDE_MS),
            now: self.shared.time.now(),
            occasion,
            bus: &self.streams,
            sent: &book.sent,
            mail: &book.mail,
            decided: &book.decided,
            stopped: &book.stopped,
            folds: &book.folds,
        });
    }
}

/// Makes the streams and publishes the first rules; answers where PEOPLE ends then.
async fn install(shared: &Shared, direct: &Bus) -> u64 {
    let provisioning = Provisioning {
        log_id: Some(format!("simulation-{}", shared.seed)),
        partitions: Partitions(shared.shape.partitions),
        ..Provisioning::default()
    };
    let actor = Actor { kind: ActorKind::Install, id: "simulation".into() };
    // A memory twin that is not away refuses neither.
    direct.provision(&provisioning).await.ok();
    let rules = rules::first(&shared.shape);
    supervision::publish_first(direct, &rules, &actor, shared.time.now()).await.unwrap_or(0)
}

/// Every contact's address by its pseudonym.
fn addresses(shared: &Shared) -> BTreeMap<String, String> {
    let (shape, door) = (&shared.shape, Door::new(TENANT_KEY));
    let accounts = (0..shape.accounts.max(1)).map(|number| producer::account(shape, number));
    let contacts = accounts
        .flat_map(|account| (0..shape.contacts.max(1)).map(move |number| producer::contact(shape, &account, number)));
    contacts.map(|address| (door.pseudonym(&address), address)).collect()
}
