//! One contract, two buses: what holds on a real nats-server holds on its memory twin.

#[cfg(test)]
#[path = "contract/bench.rs"]
mod bench;
#[cfg(test)]
#[path = "contract/chains.rs"]
mod chains;
#[cfg(test)]
#[path = "contract/interruptions.rs"]
mod interruptions;
#[cfg(test)]
#[path = "contract/messages.rs"]
mod messages;
#[cfg(test)]
#[path = "contract/readers.rs"]
mod readers;

use bench::Bench;

/// Runs a contract on both buses, as two tests.
macro_rules! on_both {
    ($($module:ident :: $name:ident),* $(,)?) => {
        mod memory {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                crate::$module::$name(crate::Bench::memory()).await;
            })*
        }
        mod nats {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                crate::$module::$name(crate::Bench::nats().await).await;
            })*
        }
    };
}

on_both! {
    messages::a_stored_message_reads_back_as_it_was_sent,
    messages::nothing_is_found_where_nothing_is,
    messages::the_last_message_of_a_pattern_is_the_last_of_all_its_subjects,
    messages::only_the_expected_last_message_is_followed,
    messages::of_many_that_expect_the_same_exactly_one_wins,
    messages::a_large_message_fits_and_is_read_back,
    messages::a_header_that_cannot_be_sent_is_refused,
    messages::a_subject_of_no_stream_has_no_answer,
    messages::a_producers_event_gets_the_partition_of_its_token,
    messages::a_full_stream_refuses_and_keeps_what_it_has,
    messages::purging_removes_below_a_sequence_and_never_from_the_log,
    messages::an_epoch_is_given_once,
    messages::provisioning_twice_changes_nothing_and_another_log_is_refused,
    readers::a_reader_waits_for_the_first_message_and_no_longer,
    readers::a_reader_resumes_where_it_is_told,
    readers::a_reader_sees_its_subjects_only,
    readers::a_reader_far_behind_gets_everything_in_order,
    readers::two_readers_of_one_name_skip_and_double_nothing,
    readers::a_reader_far_behind_is_not_carried_away_by_one_of_its_name,
    chains::a_chain_says_every_turn_once_and_in_order,
    chains::a_successor_goes_on_where_the_log_ends,
    chains::a_superseded_chain_stops,
    chains::two_chains_at_once_leave_one_order,
}
