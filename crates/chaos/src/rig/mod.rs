//! Everything that runs for one scenario: a nats-server, the separate programs, a mail server, a producer.

mod nats;
mod part;
pub mod process;
mod whole;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use reqwest::StatusCode;
use serde_json::Value;
use testkit::{
    nats::free_ports,
    smtp::{Options, SmtpServer},
};
use tokio::time::{Instant, sleep};

pub use nats::Nats;
pub use part::Part;
pub use process::Process;

use crate::{Broken, Context, producer::Producer, world};

/// How long a part may take to be ready. Generous: machines are shared.
pub const START_MAX: Duration = Duration::from_mins(1);
/// Between two looks at a condition.
const POLL: Duration = Duration::from_millis(50);
/// How long a request may take; folding everything again is the longest.
const ANSWER_MAX: Duration = Duration::from_mins(2);
/// The bearer token of the console's API, where that is a program of its own.
const TOKEN: &str = "token-of-the-rig";

/// What a scenario wants otherwise than usual.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// Where the nats-server keeps its store, else `<data>/nats`. What the template holds is copied there.
    pub nats_dir: Option<PathBuf>,
    /// Settings of every part, over the usual ones.
    pub env: BTreeMap<String, String>,
    /// How the mail server is set up.
    pub smtp: Options,
    /// The programs that are not started.
    pub without: Vec<Part>,
}

/// A running system under test.
#[derive(Debug)]
pub struct Rig {
    /// The bus.
    pub nats: Nats,
    /// The mail server.
    pub smtp: SmtpServer,
    /// Who sends events, and remembers which were acknowledged.
    pub producer: Producer,
    context: Context,
    data: PathBuf,
    env: BTreeMap<String, String>,
    parts: BTreeMap<String, Process>,
    ports: BTreeMap<String, u16>,
    http: reqwest::Client,
    canaries: usize,
    log_start: u64,
    token: String,
    /// All parts are one process.
    whole: bool,
}

impl Rig {
    /// Starts everything on a copy of the template, and waits until all is ready.
    ///
    /// # Errors
    /// Something does not start.
    pub async fn start(context: &Context, setup: Setup) -> Result<Self, Broken> {
        let data = context.folder.join("data");
        context.template.copy_to(&data, setup.nats_dir.as_deref())?;
        let nats = Nats::start(&data, setup.nats_dir.clone().unwrap_or_else(|| data.join("nats"))).await?;
        let smtp = SmtpServer::start_with(&setup.smtp).await?;
        let http = reqwest::Client::builder().timeout(ANSWER_MAX).build()?;
        let [port] = free_ports().map_err(Broken::io("find a free port"))?;
        let producer = Producer::new(http.clone(), format!("http://127.0.0.1:{port}"));
        let mut env = world::settings();
        let own = [
            ("MAINSTAY_DATA", data.to_string_lossy().into_owned()),
            ("MAINSTAY_NATS_URL", nats.url()),
            ("MAINSTAY_NATS_MONITOR_URL", nats.monitor_url()),
            ("MAINSTAY_API_TOKEN", TOKEN.to_owned()),
            ("MAINSTAY_SMTP", format!("smtp://127.0.0.1:{}", smtp.port())),
        ];
        env.extend(own.map(|(name, value)| (name.to_owned(), value)));
        env.extend(setup.env);
        let mut rig = Self {
            nats,
            smtp,
            producer,
            context: context.clone(),
            data,
            env,
            parts: BTreeMap::new(),
            ports: BTreeMap::from([(Part::Gateway.name().to_owned(), port)]),
            http,
            canaries: 0,
            log_start: 0,
            token: TOKEN.to_owned(),
            whole: false,
        };
        let log = rig.nats.connect(bus::Role::Operator).await?;
        rig.log_start = log.state(bus_schema::subject::Stream::Log).await?.last_seq;
        for part in Part::ALL.into_iter().filter(|part| !setup.without.contains(part)) {
            rig.launch(part)?;
        }
        rig.until_ready().await?;
        Ok(rig)
    }

    /// The data folder.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// The scenario's context.
    pub const fn context(&self) -> &Context {
        &self.context
    }

    /// The last message of the log before anything was started.
    pub const fn log_start(&self) -> u64 {
        self.log_start
    }

    /// Starts a part with the usual settings, without waiting for it.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn launch(&mut self, part: Part) -> Result<(), Broken> {
        self.launch_with(part, part.name(), &BTreeMap::new())
    }

    /// Starts a part under a label of its own, with settings over the usual ones. A label keeps its port for ever.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn launch_with(&mut self, part: Part, label: &str, more: &BTreeMap<String, String>) -> Result<(), Broken> {
        let mut env = self.env.clone();
        let mut address = None;
        if let Some(setting) = part.listens_by() {
            let own = match self.ports.get(label) {
                Some(known) => *known,
                None => free_ports::<1>().map_err(Broken::io("find a free port"))?[0],
            };
            self.ports.insert(label.to_owned(), own);
            env.insert(setting.to_owned(), format!("127.0.0.1:{own}"));
            address = Some(format!("http://127.0.0.1:{own}"));
        }
        env.extend(more.clone());
        let log = self.context.folder.join(format!("{label}.log"));
        let process = Process::start(label, (&self.context.binaries.of(part), &[]), &env, log, address)?;
        self.parts.insert(label.to_owned(), process);
        Ok(())
    }

    /// A running process by its label.
    ///
    /// # Errors
    /// None has it.
    pub fn process(&mut self, label: &str) -> Result<&mut Process, Broken> {
        let missing =
            || Broken::Answer { asked: format!("for the process {label}"), answer: "that there is none".into() };
        self.parts.get_mut(label).ok_or_else(missing)
    }

    /// Takes a process out of the rig, to end it in some way.
    ///
    /// # Errors
    /// None has this label.
    pub fn take(&mut self, label: &str) -> Result<Process, Broken> {
        let missing =
            || Broken::Answer { asked: format!("for the process {label}"), answer: "that there is none".into() };
        self.parts.remove(label).ok_or_else(missing)
    }

    /// Takes a process out of the rig that goes on: the next one of this part gets another port.
    ///
    /// # Errors
    /// It does not run.
    pub fn release(&mut self, part: Part) -> Result<Process, Broken> {
        self.ports.remove(part.name());
        self.take(part.name())
    }

    /// Imports the world's history once more, beside the rig's bus; everything else must be stopped.
    ///
    /// # Errors
    /// It fails.
    pub async fn import_again(&self) -> Result<String, Broken> {
        let (template, binaries) = (Arc::clone(&self.context.template), Arc::clone(&self.context.binaries));
        let (data, env) = (self.data.clone(), self.env.clone());
        let imported = tokio::task::spawn_blocking(move || template.import(&binaries, &data, &env)).await;
        imported.map_err(|error| Broken::io("import again")(std::io::Error::other(error)))?
    }

    /// The labels of what runs.
    pub fn labels(&self) -> Vec<String> {
        self.parts.keys().cloned().collect()
    }

    /// kill −9 of a part.
    ///
    /// # Errors
    /// It does not run.
    pub fn kill(&mut self, part: Part) -> Result<(), Broken> {
        self.take(part.name())?.kill()
    }

    /// SIGTERM to a part, and its clean end.
    ///
    /// # Errors
    /// It does not run, or does not end cleanly.
    pub async fn stop(&mut self, part: Part) -> Result<(), Broken> {
        self.take(part.name())?.stop().await
    }

    /// Stops every program that runs, edges first.
    ///
    /// # Errors
    /// One does not end cleanly.
    pub async fn stop_all(&mut self) -> Result<(), Broken> {
        for part in Part::ALL.into_iter().rev() {
            if self.parts.contains_key(part.name()) {
                self.stop(part).await?;
            }
        }
        Ok(())
    }

    /// Waits until every process that runs says that it is ready; one that ended is an error.
    ///
    /// # Errors
    /// One ended, or is not ready in time.
    pub async fn until_ready(&mut self) -> Result<(), Broken> {
        let deadline = Instant::now() + START_MAX;
        for label in self.labels() {
            loop {
                let http = self.http.clone();
                let process = self.process(&label)?;
                process.lives()?;
                let Some(address) = process.address().map(ToOwned::to_owned) else { break };
                let answer = http.get(format!("{address}/readyz")).send().await;
                let seen = match answer {
                    Ok(answer) if answer.status().is_success() => break,
                    Ok(answer) => format!("{} {}", answer.status(), answer.text().await.unwrap_or_default()),
                    Err(error) => error.to_string(),
                };
                if Instant::now() >= deadline {
                    let seen = format!("{seen}; it said:\n{}", self.process(&label)?.said());
                    return Err(Broken::late(format!("{label}, ready,"), START_MAX, seen));
                }
                sleep(POLL).await;
            }
        }
        Ok(())
    }

    /// Asks a part on its port and reads JSON.
    ///
    /// # Errors
    /// It does not answer, or with an error.
    pub async fn ask(&mut self, part: Part, path: &str) -> Result<Value, Broken> {
        let http = self.http.clone();
        let address = self.process(part.name())?.address().unwrap_or_default().to_owned();
        let answer = http.get(format!("{address}/{path}")).bearer_auth(&self.token).send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        if !status.is_success() {
            return Err(Broken::Answer {
                asked: format!("{} for {path}", part.name()),
                answer: format!("{status} {text}"),
            });
        }
        serde_json::from_str(&text).map_err(|error| Broken::Answer {
            asked: format!("{} for {path}", part.name()),
            answer: format!("{error}: {text}"),
        })
    }

    /// GET on the console's API.
    ///
    /// # Errors
    /// It does not answer, or with an error.
    pub async fn get(&mut self, path: &str) -> Result<Value, Broken> {
        self.ask(Part::Console, &format!("api/v1/{path}")).await
    }

    /// POST on the console's API; any status is an answer.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn post(&mut self, path: &str, body: &Value) -> Result<(StatusCode, Value), Broken> {
        let (http, address) = (self.http.clone(), self.console()?);
        let answer = http.post(format!("{address}/api/v1/{path}")).bearer_auth(&self.token).json(body).send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        Ok((status, serde_json::from_str(&text).unwrap_or(Value::String(text))))
    }

    /// Base address of the console.
    ///
    /// # Errors
    /// It does not run.
    pub fn console(&mut self) -> Result<String, Broken> {
        Ok(self.process(Part::Console.name())?.address().unwrap_or_default().to_owned())
    }

    /// The client for requests of a scenario's own.
    pub const fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// The token of the console's API.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Whether all parts are one process.
    pub const fn is_whole(&self) -> bool {
        self.whole
    }

    /// Asks again until there is an answer; a failed look counts as none.
    ///
    /// # Errors
    /// It does not come in time.
    pub async fn until<T>(
        &mut self,
        what: &str,
        limit: Duration,
        mut look: impl AsyncFnMut(&mut Self) -> Result<Option<T>, Broken>,
    ) -> Result<T, Broken> {
        let deadline = Instant::now() + limit;
        loop {
            let seen = match look(self).await {
                Ok(Some(found)) => return Ok(found),
                Ok(None) => "it is not there".to_owned(),
                Err(error) => error.chain(),
            };
            if Instant::now() >= deadline {
                return Err(Broken::late(what, limit, seen));
            }
            sleep(POLL).await;
        }
    }

    /// The next account that no scenario uses but to see whether the system goes on.
    ///
    /// # Errors
    /// The template has no more.
    pub fn next_canary(&mut self) -> Result<&'static str, Broken> {
        let canary = world::CANARIES.get(self.canaries).copied();
        self.canaries += 1;
        canary.ok_or_else(|| Broken::Missing {
            what: "an account for another canary".into(),
            cure: "add to the canaries of the world".into(),
        })
    }
}
