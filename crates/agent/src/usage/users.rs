//! Who was seen when: a 32-bit hash of the user with the last day, five or six bytes each where they are stored.

use bus_schema::Day;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Last day seen by hash of the user, in the order of the hashes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Users(Vec<(u32, Day)>);

/// As they are stored: a day, and for each user how far its hash is from the one before and its day before that day.
/// Both are small, and small numbers take few bytes.
#[derive(Serialize, Deserialize)]
struct Stored {
    latest: Day,
    users: Vec<(u32, u32)>,
}

impl Users {
    pub(super) fn get(&self, hash: u32) -> Option<Day> {
        let at = self.0.binary_search_by_key(&hash, |(own, _)| *own).ok()?;
        self.0.get(at).map(|(_, day)| *day)
    }

    pub(super) fn set(&mut self, hash: u32, day: Day) {
        match self.0.binary_search_by_key(&hash, |(own, _)| *own) {
            Ok(at) => {
                if let Some(own) = self.0.get_mut(at) {
                    own.1 = day;
                }
            }
            Err(at) => self.0.insert(at, (hash, day)),
        }
    }

    pub(super) fn retain(&mut self, keep: impl Fn(u32, Day) -> bool) {
        self.0.retain(|(hash, day)| keep(*hash, *day));
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The last days.
    pub(super) fn days(&self) -> impl Iterator<Item = Day> {
        self.0.iter().map(|(_, day)| *day)
    }
}

impl Serialize for Users {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let latest = self.days().max().unwrap_or_default();
        let mut before = 0;
        let distances = self.0.iter().map(|(hash, day)| {
            let distance = hash.wrapping_sub(std::mem::replace(&mut before, *hash));
            (distance, latest.0.wrapping_sub(day.0).cast_unsigned())
        });
        Stored { latest, users: distances.collect() }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Users {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Stored { latest, users } = Stored::deserialize(deserializer)?;
        let mut hash: u32 = 0;
        let users = users.into_iter().map(|(distance, back)| {
            hash = hash.wrapping_add(distance);
            (hash, Day(latest.0.wrapping_sub(back.cast_signed())))
        });
        let mut users: Vec<_> = users.collect();
        // What is not in order was never written; it is read all the same, as something that is.
        users.sort_by_key(|(hash, _)| *hash);
        users.dedup_by_key(|(hash, _)| *hash);
        Ok(Self(users))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(users: &Users) -> Vec<u8> {
        let bytes = postcard::to_stdvec(users).unwrap();
        assert_eq!(&postcard::from_bytes::<Users>(&bytes).unwrap(), users);
        bytes
    }

    #[test]
    fn users_come_back_as_they_were_in_six_bytes_each() {
        let mut users = Users::default();
        assert_eq!(stored(&users).len(), 2);
        for n in 0..4_000_u32 {
            let day = 20_000 + i32::try_from(n * 31 % 112).unwrap();
            users.set(n.wrapping_mul(2_654_435_761), Day(day));
            if [1, 10, 100, 4_000].contains(&(n + 1)) {
                let bytes = stored(&users).len();
                assert!(bytes <= users.len() * 6 + 6, "{bytes} bytes for {}", users.len());
            }
        }
        users.retain(|hash, _| hash % 2 == 0);
        assert_eq!((users.len(), users.get(2_654_435_761)), (2_000, None));
        assert_eq!(users.get(2_654_435_761_u32.wrapping_mul(2)), Some(Day(20_062)));
    }

    #[test]
    fn days_and_hashes_at_the_ends_come_back_too() {
        let mut users = Users::default();
        for (hash, day) in [(0, i32::MIN), (1, i32::MAX), (u32::MAX, -1), (u32::MAX - 1, 0)] {
            users.set(hash, Day(day));
        }
        stored(&users);
        users.set(1, Day(5));
        assert_eq!((users.get(1), users.len()), (Some(Day(5)), 4));
    }

    #[test]
    fn what_was_never_written_reads_as_something_in_order() {
        let users: Users = postcard::from_bytes(
            &postcard::to_stdvec(&Stored { latest: Day(9), users: vec![(7, 0), (u32::MAX, 1), (1, 2)] }).unwrap(),
        )
        .unwrap();
        assert_eq!((users.get(6), users.get(7), users.len()), (Some(Day(8)), Some(Day(9)), 2));
    }
}
