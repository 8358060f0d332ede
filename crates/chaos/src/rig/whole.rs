//! Everything in one process that keeps a nats-server of its own, as `mainstay up` starts it.

use std::collections::BTreeMap;

use serde::Deserialize;
use testkit::{nats::free_ports, smtp::SmtpServer};

use super::{Nats, Part, Process, Rig, START_MAX, Setup};
use crate::{Broken, Context, Producer, world};

/// What of its run file matters.
#[derive(Deserialize)]
struct Run {
    token: String,
}

impl Rig {
    /// Starts `mainstay up` on a copy of the template, with the bus below its data folder, and waits until it is ready.
    ///
    /// # Errors
    /// It does not start.
    pub async fn start_whole(context: &Context, setup: Setup) -> Result<Self, Broken> {
        let data = context.folder.join("data");
        let dir = data.join("nats");
        context.template.copy_to(&data, None)?;
        let smtp = SmtpServer::start_with(&setup.smtp).await?;
        let http = reqwest::Client::builder().timeout(super::ANSWER_MAX).build()?;
        let [nats, gateway, console] = free_ports().map_err(Broken::io("find free ports"))?;
        let mut env = world::settings();
        let own = [
            ("MAINSTAY_DATA", data.to_string_lossy().into_owned()),
            ("MAINSTAY_NATS_PORT", nats.to_string()),
            ("MAINSTAY_GATEWAY", format!("127.0.0.1:{gateway}")),
            ("MAINSTAY_CONSOLE", format!("127.0.0.1:{console}")),
            ("MAINSTAY_SMTP", format!("smtp://127.0.0.1:{}", smtp.port())),
        ];
        env.extend(own.map(|(name, value)| (name.to_owned(), value)));
        env.extend(setup.env);
        let program = context.binaries.mainstay();
        let log = context.folder.join("mainstay.log");
        let address = Some(format!("http://127.0.0.1:{console}"));
        let process = Process::start(Part::Console.name(), (&program, &["up"]), &env, log, address)?;
        let mut rig = Self {
            nats: Nats::of_another(&data, dir, nats)?,
            smtp,
            producer: Producer::new(http.clone(), format!("http://127.0.0.1:{gateway}")),
            context: context.clone(),
            data,
            env,
            parts: BTreeMap::from([(Part::Console.name().to_owned(), process)]),
            ports: BTreeMap::new(),
            http,
            canaries: 0,
            log_start: 0,
            token: String::new(),
            whole: true,
        };
        rig.until_ready().await?;
        let run = rig.until("its run file", START_MAX, async |rig| Ok(run(rig)));
        rig.token = run.await?.token;
        let log = rig.nats.connect(bus::Role::Operator).await?;
        rig.log_start = log.state(bus_schema::subject::Stream::Log).await?.last_seq;
        log.close().await;
        Ok(rig)
    }
}

fn run(rig: &Rig) -> Option<Run> {
    let text = std::fs::read_to_string(rig.data.join("run.json")).ok()?;
    serde_json::from_str(&text).ok()
}
