//! All accounts: a few numbers that are real, and the table behind them.

use std::sync::Arc;

use axum::extract::{Query, State};
use bus_schema::{Currency, Money, data::facts::Band, time::DAY_MS};
use maud::{Markup, html};
use rusqlite::Connection;
use serde::Deserialize;

use super::card;
use crate::{
    app::App,
    fault::Fault,
    markup::{
        icon::Icon,
        layout::{self, Nav},
        part::{self},
        words::{self, Clock},
    },
    routes::User,
    views::{
        ViewsError, read_account, read_proposal,
        row::{Account, Point, State as Stage},
    },
};

/// Rows of the table at most.
const ROWS_MAX: usize = 500;
/// Days a renewal counts as near.
const RENEWAL_DAYS: i32 = 90;

/// What the address asks for.
#[derive(Deserialize, Default)]
pub(crate) struct Ask {
    #[serde(default)]
    segment: String,
    #[serde(default)]
    owner: String,
    #[serde(default)]
    sort: Sort,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Sort {
    #[default]
    Arr,
    Name,
    Health,
    Churn,
    Renewal,
    Touch,
    Cards,
}

impl Sort {
    const fn name(self) -> &'static str {
        match self {
            Self::Arr => "arr",
            Self::Name => "name",
            Self::Health => "health",
            Self::Churn => "churn",
            Self::Renewal => "renewal",
            Self::Touch => "touch",
            Self::Cards => "cards",
        }
    }
}

struct Row {
    account: Account,
    history: Vec<Point>,
    cards: usize,
}

struct Portfolio {
    rows: Vec<Row>,
    total: usize,
    segments: Vec<String>,
    owners: Vec<String>,
    waiting: usize,
    sent_month: usize,
}

fn read(c: &Connection, clock: &Clock, ask: &Ask) -> Result<Portfolio, ViewsError> {
    let all = read_account::all(c)?;
    let total = all.len();
    let distinct = |of: fn(&Account) -> Option<&String>| {
        let mut values: Vec<String> = all.iter().filter_map(of).cloned().collect();
        values.sort_unstable();
        values.dedup();
        values
    };
    let segments = distinct(|account| account.segment.as_ref());
    let owners = distinct(|account| account.owner.as_ref());
    let open = read_proposal::in_states(c, &[Stage::Filed], usize::from(u16::MAX))?;
    let since = clock.now.plus_ms(-90 * DAY_MS);
    let wanted = all.into_iter().filter(|account| {
        (ask.segment.is_empty() || account.segment.as_deref() == Some(&ask.segment))
            && (ask.owner.is_empty() || account.owner.as_deref() == Some(&ask.owner))
    });
    let mut rows = Vec::new();
    for account in wanted {
        let cards = open.iter().filter(|proposal| proposal.account == account.id).count();
        rows.push(Row { history: Vec::new(), cards, account });
    }
    order(&mut rows, ask.sort);
    for row in rows.iter_mut().take(ROWS_MAX) {
        row.history = read_account::history(c, &row.account.id, since)?;
    }
    Ok(Portfolio {
        rows,
        total,
        segments,
        owners,
        waiting: open.len(),
        sent_month: read_proposal::sent_since(c, clock.now.plus_ms(-30 * DAY_MS))?,
    })
}

/// What is missing stands last, whichever way a column runs.
fn order(rows: &mut [Row], sort: Sort) {
    let late = i64::MAX;
    rows.sort_by_key(|row| {
        let account = &row.account;
        let number = match sort {
            Sort::Name => 0,
            Sort::Arr => account.arr.map_or(late, |arr| -arr.minor),
            Sort::Health => account.known_score().map_or(late, i64::from),
            Sort::Churn => account.churn.map_or(late, |churn| -i64::from(churn.p90_bp)),
            Sort::Renewal => account.renews_on.map_or(late, |day| i64::from(day.0)),
            Sort::Touch => account.last_touch.map_or(0, |at| at.0),
            Sort::Cards => -i64::try_from(row.cards).unwrap_or(late),
        };
        (number, account.title().to_lowercase())
    });
}

/// The page.
pub(crate) async fn page(State(app): State<Arc<App>>, user: User, Query(ask): Query<Ask>) -> Result<Markup, Fault> {
    let clock = app.clock().await;
    let reading = clock.clone();
    let asked = Ask { segment: ask.segment.clone(), owner: ask.owner.clone(), sort: ask.sort };
    let portfolio = app.views.read(move |c| read(c, &reading, &asked)).await?;
    let shell = app.shell(&user.0).await?;
    let main = html! {
        main.page #main tabindex="-1" {
            div.page-head {
                h1 { "Portfolio" }
                @if portfolio.segments.len() > 1 || portfolio.owners.len() > 1 { (filters(&portfolio, &ask)) }
            }
            @if portfolio.total == 0 {
                section.panel { (part::empty(Icon::Account, "No account is known yet", &html! { "The first event about one makes it appear here." }, None)) }
            } @else {
                div.ledger {
                    section aria-labelledby="g-now" {
                        h2 #g-now { "Now " span.dim.small { (words::count(portfolio.rows.len(), "account", "accounts")) " as of " (clock.moment(clock.now)) } }
                        (tiles(&clock, &portfolio))
                    }
                    (table(&clock, &portfolio, &ask))
                }
            }
        }
    };
    Ok(layout::page(&shell, "Portfolio", Nav::Portfolio, &main))
}

fn filters(portfolio: &Portfolio, ask: &Ask) -> Markup {
    let options = |values: &[String], chosen: &str, all: &str| {
        html! {
            option value="" { (all) }
            @for value in values { option value=(value) selected[value == chosen] { (words::segment(value)) } }
        }
    };
    html! {
        form.end action="/portfolio" {
            input type="hidden" name="sort" value=(ask.sort.name());
            @if portfolio.segments.len() > 1 {
                span.row-flow.nowrap { label for="seg" { "Segment" } select #seg name="segment" { (options(&portfolio.segments, &ask.segment, "All segments")) } }
            }
            @if portfolio.owners.len() > 1 {
                span.row-flow.nowrap { label for="own" { "Owner" } select #own name="owner" { (options(&portfolio.owners, &ask.owner, "Everybody")) } }
            }
            button.btn { "Apply" }
        }
    }
}

struct Tile {
    name: &'static str,
    value: Option<(String, &'static str)>,
    more: String,
}

/// Money of one currency; amounts of others are counted, never converted.
fn total(rows: &[&Row]) -> (Option<Money>, usize) {
    let amounts: Vec<Money> = rows.iter().filter_map(|row| row.account.arr).collect();
    let currency = amounts.first().map_or(Currency::USD, |money| money.currency);
    let minor = amounts.iter().filter(|money| money.currency == currency).map(|money| money.minor).sum();
    let others = amounts.iter().filter(|money| money.currency != currency).count();
    ((!amounts.is_empty()).then_some(Money { minor, currency }), others)
}

fn tiles(clock: &Clock, portfolio: &Portfolio) -> Markup {
    let live: Vec<&Row> = portfolio.rows.iter().filter(|row| !row.account.ended).collect();
    let (arr, others) = total(&live);
    let unknown_arr = live.iter().filter(|row| row.account.arr.is_none()).count();
    let scores: Vec<u32> = live.iter().filter_map(|row| row.account.known_score().map(u32::from)).collect();
    let known = u32::try_from(scores.len()).unwrap_or(u32::MAX);
    let tenths = (!scores.is_empty()).then(|| (scores.iter().sum::<u32>() / known.max(1) + 5) / 10);
    let of_band = |band: Band| live.iter().filter(|row| row.account.band() == band).count();
    let near: Vec<&Row> = live.iter().copied().filter(|row| renews_soon(clock, row)).collect();
    let (near_arr, _) = total(&near);
    let near_risk = near.iter().filter(|row| row.account.band() == Band::Red).count();
    let tiles = [
        Tile {
            name: "ARR managed",
            value: arr.map(|arr| (words::money_short(arr), "")),
            more: format!(
                "{unknown_arr} without data{}",
                if others > 0 { format!(", {others} in other currencies") } else { String::new() }
            ),
        },
        Tile {
            name: "Accounts",
            value: Some((live.len().to_string(), "")),
            more: format!("{} ended", portfolio.rows.len() - live.len()),
        },
        Tile {
            name: "Average health",
            value: tenths.map(|tenths| (format!("{}.{}", tenths / 10, tenths % 10), "of 100")),
            more: format!("{} have no data", live.len() - scores.len()),
        },
        Tile {
            name: "At risk",
            value: Some((of_band(Band::Red).to_string(), "accounts")),
            more: format!("{} watch, {} healthy", of_band(Band::Yellow), of_band(Band::Green)),
        },
        Tile {
            name: "Renewals in 90\u{a0}d",
            value: near_arr.map(|arr| (words::money_short(arr), "")).or(Some(("0".into(), "accounts"))),
            more: format!("{}, {near_risk} at risk", words::count(near.len(), "account", "accounts")),
        },
        Tile {
            name: "Messages sent",
            value: Some((portfolio.sent_month.to_string(), "in 30\u{a0}d")),
            more: format!("{} to decide", words::count(portfolio.waiting, "card", "cards")),
        },
    ];
    html! {
        dl.tiles { @for tile in &tiles {
            div.tile {
                dt { (tile.name) }
                @match &tile.value {
                    Some((value, unit)) => dd.v { (value) @if !unit.is_empty() { " " small { (unit) } } },
                    None => dd.v { small { "No data" } },
                }
                dd {}
                dd.g { (tile.more) }
            }
        } }
    }
}

fn renews_soon(clock: &Clock, row: &Row) -> bool {
    row.account.renews_on.is_some_and(|day| (0..=RENEWAL_DAYS).contains(&clock.days_from_now(day.start())))
}

fn column(ask: &Ask, sort: Sort, label: &str, number: bool) -> Markup {
    let filter = |name: &str, value: &str| match value {
        "" => String::new(),
        value => format!("&{name}={}", part::segment(value)),
    };
    let address =
        format!("/portfolio?sort={}{}{}", sort.name(), filter("segment", &ask.segment), filter("owner", &ask.owner));
    let current = ask.sort == sort;
    let way = if matches!(sort, Sort::Arr | Sort::Churn | Sort::Cards) { "descending" } else { "ascending" };
    html! {
        th.num[number] scope="col" aria-sort=[current.then_some(way)] {
            a href=(address) { (label) @if current { " " (Icon::Descending.svg()) } }
        }
    }
}

fn table(clock: &Clock, portfolio: &Portfolio, ask: &Ask) -> Markup {
    let shown = portfolio.rows.len().min(ROWS_MAX);
    html! {
        section.panel.stackable aria-labelledby="h-acc" {
            header { h2 #h-acc { "Accounts" } span.dim.small { (shown) " of " (portfolio.total) } }
            div.scroll tabindex="0" role="region" aria-label="Accounts table" {
                table {
                    thead { tr {
                        (column(ask, Sort::Name, "Account", false))
                        (column(ask, Sort::Arr, "ARR", true))
                        (column(ask, Sort::Health, "Health, 30 d", false))
                        th scope="col" { "90\u{a0}d trend" }
                        (column(ask, Sort::Churn, "Churn in 90 d", false))
                        (column(ask, Sort::Renewal, "Renews", false))
                        (column(ask, Sort::Touch, "Last touch", true))
                        (column(ask, Sort::Cards, "Cards", true))
                    } }
                    tbody { @for row in portfolio.rows.iter().take(ROWS_MAX) { (line(clock, row)) } }
                }
            }
        }
    }
}

fn line(clock: &Clock, row: &Row) -> Markup {
    let account = &row.account;
    let since = clock.now.plus_ms(-card::CHANGE_DAYS * DAY_MS);
    let before = row.history.iter().rev().find(|point| point.at <= since && point.band != Band::Unknown);
    let change = account
        .known_score()
        .zip(before)
        .map(|(now, then)| words::signed(i64::from(part::points(now)) - i64::from(part::points(then.score))));
    let no_data = html! { span.dim { "No data" } };
    html! {
        tr {
            th scope="row" { a href=(format!("/accounts/{}", part::segment(&account.id))) { (account.title()) } @if account.ended { span.dim { " ended" } } }
            td.num data-l="ARR" { (part::or_no_data(account.arr.map(words::money))) }
            td data-l="Health" { (part::band(account.band(), account.known_score())) " " span.dim { (change.unwrap_or_default()) } }
            td data-l="90 d trend" {
                @if row.history.iter().any(|point| point.band != Band::Unknown) { (card::spark(account, &row.history, (72, 20))) } @else { (no_data) }
            }
            td data-l="Churn in 90 d" {
                @match account.churn { Some(churn) => { (part::percent(churn.p90_bp)) " " span.dim { (part::tier_words(churn.tier).0) } }, None => (no_data) }
            }
            td.nowrap data-l="Renews" {
                @match account.renews_on { Some(day) => { (clock.date(day)) " " span.dim { (card::away(clock, day)) } }, None => (no_data) }
            }
            td.num data-l="Last touch" { @match account.last_touch { Some(at) => (clock.relative(at)), None => span.dim { "none yet" } } }
            td.num data-l="Open cards" { (row.cards) }
        }
    }
}

#[cfg(test)]
mod tests {
    use bus_schema::Time;

    use super::*;

    fn row(id: &str, arr: Option<(i64, &str)>) -> Row {
        let arr = arr.map(|(minor, code)| Money { minor, currency: Currency::new(code).unwrap() });
        let account = Account {
            id: id.into(),
            name: None,
            kind: None,
            segment: None,
            stage: None,
            owner: None,
            zone: None,
            seats: None,
            arr,
            renews_on: None,
            ended: false,
            health: None,
            churn: None,
            last_event: Time(0),
            last_touch: None,
        };
        Row { account, history: Vec::new(), cards: 0 }
    }

    #[test]
    fn unknown_amounts_stand_last_and_currencies_are_not_mixed() {
        let mut rows =
            vec![row("a", None), row("b", Some((5, "USD"))), row("c", Some((9, "USD"))), row("d", Some((7, "EUR")))];
        order(&mut rows, Sort::Arr);
        let ids: Vec<&str> = rows.iter().map(|row| row.account.id.as_str()).collect();
        assert_eq!(ids, ["c", "d", "b", "a"]);
        let (sum, others) = total(&rows.iter().collect::<Vec<_>>());
        assert_eq!((sum.unwrap().minor, others), (14, 1));
    }
}
