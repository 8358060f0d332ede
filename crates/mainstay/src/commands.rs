//! What each command does: a call of `/api/v1`, and how its answer reads.

use std::{
    fmt::Write as _,
    io::{IsTerminal as _, Read as _},
};

use bus_schema::door::TextReader as _;
use serde_json::{Value, json};

use crate::{
    bench,
    cli::{BusAction, Cli, ClockAction, Command, DeadAction, Place, ReadArgs, UpArgs},
    client::Client,
    config::Settings,
    demo,
    error::Error,
    import, ledger, policy,
    print::{Printer, at, line, note},
    rules, shortened, simulate,
    system::{Purpose, System},
};

/// Events sent in one request.
const SEND_LINES_MAX: usize = 5_000;

/// Runs a command.
pub(crate) async fn run(cli: Cli) -> Result<(), Error> {
    let place = cli.place;
    match cli.command {
        Command::Up(args) => up(&place, &args).await,
        Command::Demo(args) => demo::run(&place, &args).await,
        Command::Bench(args) => bench::run(&args).await,
        Command::Simulate(args) => simulate::run(&args),
        Command::Ledger(args) if args.worlds.is_some() => match args.outage {
            Some(accounts) => ledger::outage::run(&args, accounts).await,
            None => ledger::worlds(&args, args.worlds.unwrap_or(1)).await,
        },
        Command::Bus { action: BusAction::Config } => bus_config(&place),
        Command::Bus { action: BusAction::List(output) } => shortened::list(&place.data, output.json).await,
        Command::Bus { action: BusAction::Accept { stream } } => shortened::accept(&place.data, &stream).await,
        Command::Read(args) => read(&args),
        Command::Policy { action } => {
            // What is wrong with the input is said before anything is started.
            policy::check(&action)?;
            on_system(&place, Command::Policy { action }).await
        }
        command => on_system(&place, command).await,
    }
}

async fn up(place: &Place, args: &UpArgs) -> Result<(), Error> {
    let settings = Settings::load(&place.data, args)?;
    let mut system = System::start(&place.data, &settings, Purpose::Up).await?;
    line(&welcome(&system, &settings)?);
    let ended = system.until_asked_to_stop().await;
    system.stop().await;
    ended
}

/// What a person wants to know once it runs.
pub(crate) fn welcome(system: &System, settings: &Settings) -> Result<String, Error> {
    let run = system.run();
    let mail = settings.smtp.as_ref().map_or_else(
        || format!("files in {}", system.data().join("outbox").display()),
        |_| "the mail server that was set".to_owned(),
    );
    let mut text = format!(
        "Mainstay is running.\n  Console    {}\n  Sign in    {}   (once)\n  Gateway    {}\n  Write key  {}\n  Mail       {mail}",
        run.console,
        system.link(),
        run.gateway,
        system.write_key(settings)?,
    );
    if let Some(warning) = system.warning(settings) {
        text.push_str("\n  Warning    ");
        text.push_str(warning);
    }
    Ok(text)
}

fn bus_config(place: &Place) -> Result<(), Error> {
    line(&crate::system::server_config(&place.data)?);
    Ok(())
}

/// What the door would find in a text.
fn read(args: &ReadArgs) -> Result<(), Error> {
    if args.words {
        line(reader::DEFAULT_WORDS.trim_end());
        return Ok(());
    }
    let reader = rules::reader(args.reader.as_deref())?;
    let mut text = String::new();
    let fail = |source| Error::File { path: "standard input".into(), source };
    std::io::stdin().read_to_string(&mut text).map_err(fail)?;
    let found = json!(reader.text(&text));
    Printer::new(args.output.json).value(&found, |found| {
        let fields = found.as_object().into_iter().flatten();
        let lines: Vec<_> = fields.map(|(name, value)| format!("{name:<20} {}", plain(value))).collect();
        if lines.is_empty() { "nothing: no words in this text".to_owned() } else { lines.join("\n") }
    });
    Ok(())
}

/// A value as a person reads it.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// Runs a command on the system of the data folder, or on one started for its duration.
async fn on_system(place: &Place, command: Command) -> Result<(), Error> {
    if let Some(client) = Client::find(&place.data).await {
        return act(&client, command).await;
    }
    let settings = Settings::load(&place.data, &UpArgs::default())?.on_free_ports();
    if std::io::stderr().is_terminal() {
        note(&format!("Nothing runs on {}; starting it for this command.", place.data.display()));
    }
    let system = System::start(&place.data, &settings, Purpose::Command).await?;
    system.until_ready().await?;
    let done = act(&system.client(), command).await;
    system.stop().await;
    done
}

async fn act(client: &Client, command: Command) -> Result<(), Error> {
    match command {
        Command::Import(args) => import::run(client, &args).await,
        Command::Send => send(client).await,
        Command::Status(output) => {
            let status: Value = client.get("status").await?;
            Printer::new(output.json).value(&status, status_text);
            Ok(())
        }
        Command::Account { id, output } => {
            let account: Value = client.get(&format!("accounts/{}", encoded(&id))).await?;
            Printer::new(output.json).value(&account, pretty);
            Ok(())
        }
        Command::Proposals { state, output } => {
            let found: Value = client.get(&format!("proposals?state={}", encoded(&state))).await?;
            Printer::new(output.json).value(&found, proposals_text);
            Ok(())
        }
        Command::Approve { id } => decide(client, &id, "approve", json!({})).await,
        Command::Reject { id, reason, note } => {
            decide(client, &id, "reject", json!({"reason": reason, "note": note})).await
        }
        Command::Login => {
            let answer: Value = client.post("login", &json!({})).await?;
            line(at(&answer, "/link").as_str().unwrap_or_default());
            Ok(())
        }
        Command::Digest(output) => {
            let digests: Value = client.get("digest").await?;
            Printer::new(output.json).value(&digests, digests_text);
            Ok(())
        }
        Command::Rebuild { agent } => {
            let rebuilt: Value = client.post(&format!("rebuild/{}", encoded(&agent)), &json!({})).await?;
            line(&format!(
                "{agent} was folded again from the log in {} ms; nothing was said twice.",
                at(&rebuilt, "/took_ms")
            ));
            Ok(())
        }
        Command::Verify(output) => verify(client, output.json).await,
        Command::Ledger(args) => ledger::run(client, &args).await,
        Command::Books(output) => {
            let found: Value = client.get("books").await?;
            Printer::new(output.json).value(&found, books_text);
            Ok(())
        }
        Command::Setup(output) => {
            let found: Value = client.get("setup").await?;
            Printer::new(output.json).value(&found, setup_text);
            Ok(())
        }
        Command::Policy { action } => policy::run(client, action).await,
        Command::Dead { action } => dead(client, action).await,
        Command::Clock { action } => clock(client, action).await,
        // These start a system of their own or none, and are handled before.
        Command::Up(_)
        | Command::Demo(_)
        | Command::Bench(_)
        | Command::Simulate(_)
        | Command::Bus { .. }
        | Command::Read(_) => Ok(()),
    }
}

async fn send(client: &Client) -> Result<(), Error> {
    let fail = |source| Error::File { path: "standard input".into(), source };
    let text = std::io::read_to_string(std::io::stdin()).map_err(fail)?;
    let lines: Vec<&str> = text.lines().collect();
    let mut sent = 0;
    for (chunk, before) in lines.chunks(SEND_LINES_MAX).zip((0..).step_by(SEND_LINES_MAX)) {
        // Empty lines before it make the system count as the sender's file does.
        let counted = format!("{}{}", "\n".repeat(before), chunk.join("\n"));
        let answer: Value = client.post_lines("events", counted).await?;
        sent += at(&answer, "/accepted").as_u64().unwrap_or_default();
    }
    line(&format!("{sent} events sent; what cannot be used is in `mainstay dead list`."));
    Ok(())
}

async fn decide(client: &Client, id: &str, verb: &str, body: Value) -> Result<(), Error> {
    let answer: Value = client.post(&format!("proposals/{}/{verb}", encoded(id)), &body).await?;
    let state = at(&answer, "/state").as_str().unwrap_or(if verb == "approve" { "held" } else { "rejected" });
    line(&format!("{id}: {state}"));
    Ok(())
}

async fn verify(client: &Client, json: bool) -> Result<(), Error> {
    let found: Value = client.post("verify", &json!({})).await?;
    let equal = at(&found, "/equal").as_bool().unwrap_or(false);
    Printer::new(json).value(&found, |found| {
        let verdict = if equal { "equal" } else { "DIFFERENT" };
        let mut text = format!("{verdict}: {} folds compared in {} ms", at(found, "/compared"), at(found, "/took_ms"));
        for difference in at(found, "/differences").as_array().into_iter().flatten() {
            let _ = write!(text, "\n  {} partition {}", at(difference, "/agent"), at(difference, "/partition"));
        }
        text
    });
    if equal {
        return Ok(());
    }
    Err(Error::Differs("the running state differs from the log; `mainstay rebuild AGENT` folds it again".into()))
}

async fn dead(client: &Client, action: DeadAction) -> Result<(), Error> {
    match action {
        DeadAction::List(output) => {
            let found: Value = client.get("dead").await?;
            Printer::new(output.json).value(&found, dead_text);
        }
        DeadAction::Replay { seq, all } => {
            let body = if all { json!({"all": true}) } else { json!({"ids": seq}) };
            let done: Value = client.post("dead/replay", &body).await?;
            line(&format!("{} sent through again, {} were not there.", at(&done, "/replayed"), at(&done, "/missing")));
        }
    }
    Ok(())
}

async fn clock(client: &Client, action: ClockAction) -> Result<(), Error> {
    match action {
        ClockAction::List(output) => {
            let found: Value = client.get("clock").await?;
            Printer::new(output.json)
                .value(&found, |found| clocks_text(at(found, "/stopped"), "No clock stands still."));
        }
        ClockAction::Accept { partition } => {
            let done: Value = client.post("clock/accept", &json!({"partitions": partition})).await?;
            line(&clocks_text(at(&done, "/accepted"), "No clock stood still; nothing was accepted."));
        }
    }
    Ok(())
}

fn clocks_text(list: &Value, none: &str) -> String {
    let row = |stopped: &Value| {
        let time = |name: &str| stopped.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        format!("partition {:>2}  from {} to {}", at(stopped, "/partition"), time("last"), time("next"))
    };
    let rows: Vec<String> = list.as_array().into_iter().flatten().map(row).collect();
    if rows.is_empty() { none.into() } else { rows.join("\n") }
}

fn status_text(status: &Value) -> String {
    let mut text = format!(
        "log {} · {} clock at {}\n{} accounts, {} dead letters, nats-server {}, every message on disk before its acknowledgement: {}",
        at(status, "/log_id").as_str().unwrap_or_default(),
        at(status, "/clock").as_str().unwrap_or_default(),
        at(status, "/log_time").as_str().unwrap_or("no time yet"),
        at(status, "/accounts"),
        at(status, "/dead_letters"),
        at(status, "/bus/server").as_str().unwrap_or_default(),
        at(status, "/bus/sync_always"),
    );
    if let Some(trouble) = at(status, "/bus/trouble").as_str() {
        let _ = write!(text, "\n{trouble}");
    }
    let restarts = at(status, "/bus/restarts").as_u64().unwrap_or(0);
    if restarts > 0 {
        let _ = write!(text, "\nnats-server was started again {restarts} times because it stored nothing more");
    }
    for agent in at(status, "/agents").as_array().into_iter().flatten() {
        let name = at(agent, "/name").as_str().unwrap_or_default();
        let state = at(agent, "/state").as_str().unwrap_or_default();
        let (behind, timers) = (at(agent, "/behind"), at(agent, "/timers"));
        let _ = write!(text, "\n  {name:<12} {state:<10} behind {behind}, timers {timers}");
        if let Some(error) = at(agent, "/last_error").as_str() {
            let _ = write!(text, "\n               {error}");
        }
    }
    text
}

fn proposals_text(found: &Value) -> String {
    let list = found.as_array().or_else(|| at(found, "/proposals").as_array());
    let line = |row: &Value| {
        let field = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        format!("{}  {:<10} {:<20} {}", field("id"), field("state"), field("account"), field("why"))
    };
    let later = |row: &&Value| at(row, "/state") == "waiting" && at(row, "/shown") == false;
    let (later, shown): (Vec<&Value>, Vec<&Value>) = list.into_iter().flatten().partition(later);
    let mut rows: Vec<String> = shown.into_iter().map(line).collect();
    if !later.is_empty() {
        rows.push(format!("\nWaits for attention ({}): other cards come first.", later.len()));
        rows.extend(later.into_iter().map(line));
    }
    if rows.is_empty() { "Nothing waits.".into() } else { rows.join("\n") }
}

fn books_text(found: &Value) -> String {
    let row = |book: &Value| {
        let owner = at(book, "/owner").as_str().unwrap_or("nobody");
        let load = at(book, "/load_bp").as_u64().unwrap_or(0);
        let (whole, tenth) = (load / 100, load % 100 / 10);
        let segments = at(book, "/segments").as_object().into_iter().flatten();
        let segments: Vec<String> = segments.map(|(name, count)| format!("{name} {count}")).collect();
        format!("{owner:<20} {whole:>4}.{tenth} %  {:>4} accounts: {}", at(book, "/accounts"), segments.join(", "))
    };
    let rows: Vec<String> = at(found, "/books").as_array().into_iter().flatten().map(row).collect();
    if rows.is_empty() { "No account is known yet.".into() } else { rows.join("\n") }
}

fn setup_text(found: &Value) -> String {
    let mut text = String::new();
    for (number, step) in (1..).zip(at(found, "/steps").as_array().into_iter().flatten()) {
        let _ = writeln!(text, "{number}. {}", at(step, "/step").as_str().unwrap_or_default());
        let parts = at(step, "/parts").as_array().map(Vec::as_slice).unwrap_or_default();
        if parts.is_empty() {
            text.push_str("     no account is known yet; send events or import history\n");
        }
        for part in parts {
            let (connected, accounts) = (at(part, "/connected"), at(part, "/accounts"));
            let mark = if connected.as_u64() == Some(0) { "not connected" } else { "" };
            let name = at(part, "/part").as_str().unwrap_or_default();
            let _ = writeln!(text, "   {name:<10} {connected:>5} of {accounts} accounts  {mark}");
        }
    }
    let unclassified = at(found, "/unclassified").as_u64().unwrap_or(0);
    if unclassified > 0 {
        let _ = writeln!(text, "{unclassified} accounts are unclassified: neither revenue nor users are known.");
    }
    text
}

fn digests_text(found: &Value) -> String {
    let row = |digest: &Value| {
        let name = at(digest, "/agent").as_str().unwrap_or_default();
        let hash = at(digest, "/digest").as_str().unwrap_or_default();
        format!("{name:<12} {:>2} {:>8}  {hash}", at(digest, "/partition"), at(digest, "/applied"))
    };
    found.as_array().into_iter().flatten().map(row).collect::<Vec<_>>().join("\n")
}

fn dead_text(found: &Value) -> String {
    let rows: Vec<String> = at(found, "/dead")
        .as_array()
        .into_iter()
        .flatten()
        .map(|row| {
            let reason = at(row, "/reason").as_str().unwrap_or_default();
            format!("{:>8}  {:<24} {reason}", at(row, "/id"), at(row, "/type").as_str().unwrap_or_default())
        })
        .collect();
    if rows.is_empty() { "No dead letters.".into() } else { rows.join("\n") }
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// A path segment, percent-encoded.
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn any_id_is_one_path_segment() {
        assert_eq!(super::encoded("a/b c.*💡"), "a%2Fb%20c.%2A%F0%9F%92%A1");
    }
}
