//! A real process is killed with work in hand, and started again.

use std::{
    path::Path,
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::Value;
use supervision::Quiesce as _;
use tokio::process::{Child, Command};

use super::{
    args::RestartArgs,
    figure::Figure,
    ground::{self, Ground, WRITE_KEY},
    http, ingest,
    load::Load,
};
use crate::{
    client::{Client, Run},
    error::Error,
    print::{at, note},
    system::{bus_error, rest_of},
};

const PART: &str = "restart";
/// Seconds to caught up.
const SECONDS_MAX: f64 = 5.0;
/// How long a start may take before it counts as none.
const START_MAX: Duration = Duration::from_mins(5);
const POLL: Duration = Duration::from_millis(20);
/// Nothing moved for so long: it is caught up since then.
const STILL: Duration = Duration::from_millis(500);
const CONNECTIONS: usize = 8;

/// Measures.
pub(crate) async fn run(args: &RestartArgs, ground: &Ground) -> Result<Vec<Figure>, Error> {
    note(&format!("restart: making {} accounts", args.accounts));
    let load = Load::new(args.accounts);
    let system = ground.system("restart").await?;
    let parts = Arc::clone(system.parts());
    load.feed(&parts.gateway_bus, 0..args.accounts.saturating_mul(2)).await?;
    rest_of(&parts).wait().await.map_err(bus_error("the agents did not come to rest"))?;
    system.until_views_follow().await?;
    drop(parts);
    system.stop().await;
    let data = ground.path("restart");
    let mut first = up(&data)?;
    ready(&mut first, &data).await?;
    let run = Run::read(&data).ok_or_else(|| failed("it does not say where it is"))?;
    note("restart: kill -9 with work in hand");
    http::saturate(&run.gateway, ingest::batches(args.accounts, args.events), CONNECTIONS).await?;
    first.kill().await.map_err(|error| failed(&error.to_string()))?;
    let _ = std::fs::remove_file(data.join(Run::FILE));
    let started = Instant::now();
    let mut second = up(&data)?;
    let (client, ready) = ready(&mut second, &data).await?;
    let caught_up = caught_up(&client).await?;
    stop(second).await?;
    let seconds = |at: Instant| at.duration_since(started).as_secs_f64();
    let size = format!("{} accounts, killed with {} events just acknowledged", args.accounts, args.events);
    let most = SECONDS_MAX;
    Ok(vec![
        Figure::new(PART, format!("from start to caught up ({size})"), "s", seconds(caught_up)).at_most(most, None),
        Figure::new(PART, "from start to ready", "s", seconds(ready)),
    ])
}

fn failed(what: &str) -> Error {
    Error::Part { part: "mainstay up", what: what.to_owned() }
}

/// `mainstay up` on a folder, on free ports.
fn up(data: &Path) -> Result<Child, Error> {
    let log = data.with_extension("log");
    let fail = |source| Error::File { path: log.clone(), source };
    let log_file = std::fs::File::create(&log).map_err(fail)?;
    let mut command = Command::new(ground::program()?);
    command.args(["up", "--console", "127.0.0.1:0", "--gateway", "127.0.0.1:0", "--nats-port", "0", "--data"]);
    command.arg(data).env("MAINSTAY_WRITE_KEY", WRITE_KEY).env_remove("MAINSTAY_NATS_URL");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log_file).kill_on_drop(true);
    command.spawn().map_err(fail)
}

/// Waits until it is ready; answers when.
async fn ready(child: &mut Child, data: &Path) -> Result<(Client, Instant), Error> {
    let deadline = Instant::now() + START_MAX;
    loop {
        if child.try_wait().is_ok_and(|ended| ended.is_some()) {
            let said = std::fs::read_to_string(data.with_extension("log")).unwrap_or_default();
            return Err(failed(said.lines().last().unwrap_or("it ended at once")));
        }
        if let Some(client) = Client::find(data).await
            && let Ok(status) = client.get::<Value>("status").await
            && *at(&status, "/ready") == true
        {
            return Ok((client, Instant::now()));
        }
        if Instant::now() > deadline {
            return Err(failed("it does not become ready"));
        }
        tokio::time::sleep(POLL).await;
    }
}

/// The first moment from which on nothing was behind and nothing moved.
async fn caught_up(client: &Client) -> Result<Instant, Error> {
    let deadline = Instant::now() + START_MAX;
    let mut since: Option<(Instant, Value)> = None;
    while Instant::now() < deadline {
        let status: Value = client.get("status").await?;
        let (now, streams) = (Instant::now(), at(&status, "/bus/streams").clone());
        let rests = behind(&status) == 0.0 && *at(&status, "/ready") == true;
        since = match since {
            Some((first, known)) if rests && known == streams => {
                if now.duration_since(first) >= STILL {
                    return Ok(first);
                }
                Some((first, known))
            }
            Some(_) | None => rests.then_some((now, streams)),
        };
        tokio::time::sleep(POLL).await;
    }
    Err(failed("it does not catch up"))
}

/// Messages all agents together are behind.
fn behind(status: &Value) -> f64 {
    let agents = at(status, "/agents").as_array().into_iter().flatten();
    agents.filter_map(|agent| at(agent, "/behind").as_f64()).sum()
}

/// Asks it to end. What it cannot end in time is killed with the folder.
async fn stop(mut child: Child) -> Result<(), Error> {
    if let Some(pid) = child.id() {
        // A signal from here would need unsafe code.
        let asked = Command::new("kill").args(["-TERM", &pid.to_string()]).status().await;
        asked.map_err(|source| Error::File { path: "kill".into(), source })?;
        if tokio::time::timeout(Duration::from_secs(30), child.wait()).await.is_ok() {
            return Ok(());
        }
    }
    child.kill().await.map_err(|error| failed(&error.to_string()))
}
