//! Names for a world: companies, people, and what people write to a helpdesk.

use rand::{Rng, rngs::StdRng, seq::IndexedRandom};

/// A person at a customer.
#[derive(Clone)]
pub(crate) struct Person {
    first: &'static str,
    last: &'static str,
}

impl Person {
    /// First and last name.
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.first, self.last)
    }

    /// Their address at a company.
    pub(crate) fn email(&self, company: &str) -> String {
        format!("{}.{}@{company}.example", self.first.to_lowercase(), self.last.to_lowercase())
    }

    /// What they do, by the role they play for us.
    #[expect(clippy::unused_self, reason = "reads as the person's title where it is used")]
    pub(crate) fn title(&self, role: &str) -> &'static str {
        match role {
            "sponsor" => "Chief operating officer",
            "champion" => "Head of planning",
            _ => "Accounts payable",
        }
    }
}

const FIRST: [&str; 16] = [
    "Ada", "Bela", "Chidi", "Dana", "Emre", "Farah", "Goran", "Hana", "Ines", "Jonas", "Kofi", "Lena", "Mira", "Nils",
    "Oona", "Pavel",
];
const LAST: [&str; 16] = [
    "Abel", "Brandt", "Castro", "Dupont", "Eriksen", "Fischer", "Grant", "Hoxha", "Ivanov", "Jansen", "Kaya", "Lund",
    "Moreau", "Novak", "Okafor", "Petit",
];
const PLACES: [&str; 10] =
    ["Tarn", "Saltmarsh", "Harbour", "Moorland", "Alder", "Kestrel", "Granite", "Willow", "Beacon", "Fennel"];
const TRADES: [&str; 6] = ["Logistics", "Foods", "Textiles", "Energy", "Clinics", "Tools"];

/// The id and name of the n-th company.
pub(crate) fn company(n: u32) -> (String, String) {
    let at = |list: &[&'static str], n: u32| usize::try_from(n).ok().and_then(|n| list.get(n % list.len()).copied());
    let place = at(&PLACES, n).unwrap_or("Tarn");
    let trade = at(&TRADES, n / 10 + n).unwrap_or("Foods");
    let again = n / 60;
    let id = format!("{}-{}", place.to_lowercase(), trade.to_lowercase());
    if again == 0 {
        (id, format!("{place} {trade}"))
    } else {
        (format!("{id}-{again}"), format!("{place} {trade} {again}"))
    }
}

/// A company's people, all of different names.
pub(crate) fn people<const N: usize>(rng: &mut StdRng) -> [Person; N] {
    let start: usize = rng.random_range(0..FIRST.len());
    std::array::from_fn(|n| {
        let first = FIRST.get((start + 5 * n) % FIRST.len()).copied().unwrap_or("Ada");
        let last = LAST.choose(rng).copied().unwrap_or("Abel");
        Person { first, last }
    })
}

/// What a contented customer writes: subject and text.
pub(crate) const QUESTIONS: &[(&str, &str)] = &[
    ("How do I share a report?", "Hello, can I share a report with a colleague who has no seat? Thanks!"),
    ("Import of last year", "Hi, which columns does the import need for last year's orders? Thank you."),
    ("Colour of alerts", "Small thing: can the alert colour be changed? We like the rest."),
];

/// What an unhappy customer writes: subject and text.
pub(crate) const COMPLAINTS: &[(&str, &str)] = &[
    ("Export fails again", "The export fails again, third time this month. This is not acceptable for us."),
    ("Still waiting", "We have been waiting for days and nobody tells us when this is fixed. Very disappointed."),
    ("Planners give up", "Our planners have gone back to spreadsheets because dispatch is too slow."),
];
