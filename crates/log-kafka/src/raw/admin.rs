//! Requests about topics: describe, create, delete, offsets.
use std::collections::BTreeMap;
use std::ffi::{CStr, c_int};
use std::ptr::{self, NonNull};
use std::slice;
use std::time::Duration;

use rdkafka_sys::bindings as sys;
use sys::rd_kafka_admin_op_t as operation;

use super::client::{Client, Code, ErrorText, Failure, cstring, millis, text};
use super::consumer::PartitionList;
use super::{Err, code, codes};

/// A topic as the brokers describe it.
#[derive(Clone, Debug)]
pub(crate) struct Described {
    pub(crate) id: [u8; 16],
    pub(crate) partitions: usize,
    /// Every partition has a leader.
    pub(crate) led: bool,
}

/// A topic to be made.
pub(crate) struct NewTopic<'a> {
    pub(crate) name: &'a str,
    pub(crate) partitions: i32,
    /// `None`: the brokers' default.
    pub(crate) replicas: Option<u16>,
    /// Kafka's names and values; the others are the brokers' defaults.
    pub(crate) settings: &'a BTreeMap<String, String>,
}

/// Topic, partition, and its offset or the code of an error.
pub(crate) type Answer = (String, i32, Result<u64, Code>);

/// Which end of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    /// The first offset that is still there.
    Start,
    /// The next offset to be written, open transactions or not.
    End,
}

impl Client {
    /// The cluster's id.
    pub(crate) fn cluster_id(&self, timeout: Duration) -> Option<String> {
        // SAFETY: the handle is valid; the text is copied and given back.
        unsafe {
            let id = sys::rd_kafka_clusterid(self.ptr(), millis(timeout));
            if id.is_null() {
                return None;
            }
            let copy = text(id);
            sys::rd_kafka_mem_free(self.ptr(), id.cast());
            Some(copy)
        }
    }

    /// Names of all topics; with `probe` of none, only to hear a broker answer.
    pub(crate) fn topic_names(&self, probe: bool, timeout: Duration) -> Result<Vec<String>, Failure> {
        let mut metadata = ptr::null();
        // SAFETY: the handle is valid; on success the metadata is ours to destroy.
        unsafe {
            Failure::check(codes::rd_kafka_metadata(
                self.ptr(),
                c_int::from(!probe),
                ptr::null_mut(),
                &raw mut metadata,
                millis(timeout),
            ))?;
            let topics = list((*metadata).topics.cast_const(), (*metadata).topic_cnt as usize);
            let names = topics.iter().map(|topic| text(topic.topic)).collect();
            sys::rd_kafka_metadata_destroy(metadata);
            Ok(names)
        }
    }

    /// Asks for a topic and the leaders of its partitions anew: [`Client::list_offsets`] goes on asking a dead one, and a
    /// producer takes a topic that it once found missing for missing for minutes.
    pub(crate) fn refresh_topic(&self, name: &str, timeout: Duration) -> Result<(), Failure> {
        let (name, mut metadata) = (cstring(name), ptr::null());
        // SAFETY: the handle is valid; topic and, on success, metadata are ours to destroy.
        unsafe {
            let topic = sys::rd_kafka_topic_new(self.ptr(), name.as_ptr(), ptr::null_mut());
            if topic.is_null() {
                return Err(no_answer());
            }
            let asked = codes::rd_kafka_metadata(self.ptr(), 0, topic, &raw mut metadata, millis(timeout));
            if !metadata.is_null() {
                sys::rd_kafka_metadata_destroy(metadata);
            }
            sys::rd_kafka_topic_destroy(topic);
            Failure::check(asked)
        }
    }

    /// A topic, or `None` if there is none.
    pub(crate) fn describe_topic(&self, name: &str, timeout: Duration) -> Result<Option<Described>, Failure> {
        let name = cstring(name);
        let event =
            self.request(operation::RD_KAFKA_ADMIN_OP_DESCRIBETOPICS, timeout, |options, queue| {
                let mut names = [name.as_ptr()];
                // SAFETY: the names are copied.
                unsafe {
                    let topics =
                        sys::rd_kafka_TopicCollection_of_topic_names(names.as_mut_ptr(), names.len());
                    sys::rd_kafka_DescribeTopics(self.ptr(), topics, options, queue);
                    sys::rd_kafka_TopicCollection_destroy(topics);
                }
            })?;
        // SAFETY: the event is of this request and outlives what is read from it.
        unsafe {
            let mut count = 0;
            let result = sys::rd_kafka_event_DescribeTopics_result(event.0.as_ptr());
            let topics = sys::rd_kafka_DescribeTopics_result_topics(result, &raw mut count);
            let topic = *list(topics.cast_const(), count).first().ok_or_else(no_answer)?;
            let error = sys::rd_kafka_TopicDescription_error(topic);
            if !error.is_null() && codes::rd_kafka_error_code(error) != 0 {
                let failed = codes::rd_kafka_error_code(error);
                if unknown_topic(failed) {
                    return Ok(None);
                }
                return Err(Failure { code: failed, text: text(sys::rd_kafka_error_string(error)) });
            }
            let id = sys::rd_kafka_TopicDescription_topic_id(topic);
            let high = sys::rd_kafka_Uuid_most_significant_bits(id) as u64;
            let low = sys::rd_kafka_Uuid_least_significant_bits(id) as u64;
            let partitions = sys::rd_kafka_TopicDescription_partitions(topic, &raw mut count);
            let partitions = list(partitions.cast_const(), count);
            let led = partitions.iter().all(|&p| {
                let leader = sys::rd_kafka_TopicPartitionInfo_leader(p);
                !leader.is_null() && sys::rd_kafka_Node_id(leader) >= 0
            });
            let id = (u128::from(high) << 64 | u128::from(low)).to_be_bytes();
            Ok(Some(Described { id, partitions: partitions.len(), led }))
        }
    }

    /// A topic's settings, the brokers' defaults included.
    pub(crate) fn describe_settings(
        &self,
        name: &str,
        timeout: Duration,
    ) -> Result<BTreeMap<String, String>, Failure> {
        let name = cstring(name);
        let event =
            self.request(operation::RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, timeout, |options, queue| {
                // SAFETY: the resource is ours, the call copies it.
                unsafe {
                    let kind = sys::rd_kafka_ResourceType_t::RD_KAFKA_RESOURCE_TOPIC;
                    let mut resources = [sys::rd_kafka_ConfigResource_new(kind, name.as_ptr())];
                    sys::rd_kafka_DescribeConfigs(self.ptr(), resources.as_mut_ptr(), 1, options, queue);
                    sys::rd_kafka_ConfigResource_destroy(resources[0]);
                }
            })?;
        // SAFETY: the event is of this request and outlives what is read from it.
        unsafe {
            let mut count = 0;
            let result = sys::rd_kafka_event_DescribeConfigs_result(event.0.as_ptr());
            let resources = sys::rd_kafka_DescribeConfigs_result_resources(result, &raw mut count);
            let resource = *list(resources.cast_const(), count).first().ok_or_else(no_answer)?;
            Failure::check(codes::rd_kafka_ConfigResource_error(resource)).map_err(|failure| {
                let said = text(sys::rd_kafka_ConfigResource_error_string(resource));
                Failure { text: if said.is_empty() { failure.text } else { said }, ..failure }
            })?;
            let entries = sys::rd_kafka_ConfigResource_configs(resource, &raw mut count);
            let setting = |entry: &*const sys::rd_kafka_ConfigEntry_t| {
                (text(sys::rd_kafka_ConfigEntry_name(*entry)), text(sys::rd_kafka_ConfigEntry_value(*entry)))
            };
            Ok(list(entries.cast_const().cast(), count).iter().map(setting).collect())
        }
    }

    /// Makes a topic; it may take a moment until all brokers know it.
    pub(crate) fn create_topic(&self, topic: &NewTopic<'_>, timeout: Duration) -> Result<(), Failure> {
        let mut error = ErrorText::default();
        let name = cstring(topic.name);
        // SAFETY: all texts are copied.
        let new = unsafe {
            sys::rd_kafka_NewTopic_new(
                name.as_ptr(),
                topic.partitions,
                topic.replicas.map_or(-1, i32::from),
                error.as_mut_ptr(),
                ErrorText::LEN,
            )
        };
        let Some(new) = NonNull::new(new) else {
            return Err(Failure { code: code(Err::RD_KAFKA_RESP_ERR__INVALID_ARG), text: error.text() });
        };
        for (key, value) in topic.settings {
            let (key, value) = (cstring(key), cstring(value));
            // SAFETY: as above.
            unsafe { sys::rd_kafka_NewTopic_set_config(new.as_ptr(), key.as_ptr(), value.as_ptr()) };
        }
        let event = self.request(operation::RD_KAFKA_ADMIN_OP_CREATETOPICS, timeout, |options, queue| {
            let mut topics = [new.as_ptr()];
            // SAFETY: the call copies the topic.
            unsafe { sys::rd_kafka_CreateTopics(self.ptr(), topics.as_mut_ptr(), 1, options, queue) };
        });
        // SAFETY: ours; the event outlives what is read from it.
        unsafe {
            sys::rd_kafka_NewTopic_destroy(new.as_ptr());
            let (event, mut count) = (event?, 0);
            let result = sys::rd_kafka_event_CreateTopics_result(event.0.as_ptr());
            topic_result(list(
                sys::rd_kafka_CreateTopics_result_topics(result, &raw mut count).cast_const(),
                count,
            ))
        }
    }

    /// Deletes a topic; it may take a moment until all brokers know.
    pub(crate) fn delete_topic(&self, name: &str, timeout: Duration) -> Result<(), Failure> {
        let name = cstring(name);
        let event = self.request(operation::RD_KAFKA_ADMIN_OP_DELETETOPICS, timeout, |options, queue| {
            // SAFETY: the call copies the topic.
            unsafe {
                let mut topics = [sys::rd_kafka_DeleteTopic_new(name.as_ptr())];
                sys::rd_kafka_DeleteTopics(self.ptr(), topics.as_mut_ptr(), 1, options, queue);
                sys::rd_kafka_DeleteTopic_destroy(topics[0]);
            }
        })?;
        // SAFETY: the event is of this request and outlives what is read from it.
        unsafe {
            let mut count = 0;
            let result = sys::rd_kafka_event_DeleteTopics_result(event.0.as_ptr());
            topic_result(list(
                sys::rd_kafka_DeleteTopics_result_topics(result, &raw mut count).cast_const(),
                count,
            ))
        }
    }

    /// One end of many partitions, in no order.
    pub(crate) fn list_offsets<'a>(
        &self,
        partitions: impl Iterator<Item = (&'a str, i32)>,
        bound: Bound,
        timeout: Duration,
    ) -> Result<Vec<Answer>, Failure> {
        let spec = match bound {
            Bound::Start => sys::rd_kafka_OffsetSpec_t::RD_KAFKA_OFFSET_SPEC_EARLIEST,
            Bound::End => sys::rd_kafka_OffsetSpec_t::RD_KAFKA_OFFSET_SPEC_LATEST,
        };
        let mut asked = PartitionList::empty();
        for (topic, partition) in partitions {
            asked.add(topic, partition, spec as i64);
        }
        let event = self.request(operation::RD_KAFKA_ADMIN_OP_LISTOFFSETS, timeout, |options, queue| {
            // SAFETY: the call copies the list. The isolation level stays at its default, read uncommitted.
            unsafe { sys::rd_kafka_ListOffsets(self.ptr(), asked.0, options, queue) };
        })?;
        // SAFETY: the event is of this request and outlives what is read from it.
        unsafe {
            let mut count = 0;
            let result = sys::rd_kafka_event_ListOffsets_result(event.0.as_ptr());
            let infos = sys::rd_kafka_ListOffsets_result_infos(result, &raw mut count);
            let read = |info: &*const sys::rd_kafka_ListOffsetsResultInfo_t| {
                let found = sys::rd_kafka_ListOffsetsResultInfo_topic_partition(*info);
                let failed = (&raw const (*found).err).cast::<Code>().read();
                // A broker that did not answer in time leaves its partitions without an offset, and without an error.
                let offset =
                    if failed == 0 { u64::try_from((*found).offset).or(Err(NO_ANSWER)) } else { Err(failed) };
                (text((*found).topic), (*found).partition, offset)
            };
            Ok(list(infos.cast_const().cast(), count).iter().map(read).collect())
        }
    }

    /// Deletes the records below offsets.
    pub(crate) fn delete_records<'a>(
        &self,
        before: impl Iterator<Item = (&'a str, i32, i64)>,
        timeout: Duration,
    ) -> Result<(), Failure> {
        let mut offsets = PartitionList::empty();
        for (topic, partition, offset) in before {
            offsets.add(topic, partition, offset);
        }
        let event = self.request(operation::RD_KAFKA_ADMIN_OP_DELETERECORDS, timeout, |options, queue| {
            // SAFETY: the call copies the list.
            unsafe {
                let mut requests = [sys::rd_kafka_DeleteRecords_new(offsets.0)];
                sys::rd_kafka_DeleteRecords(self.ptr(), requests.as_mut_ptr(), 1, options, queue);
                sys::rd_kafka_DeleteRecords_destroy(requests[0]);
            }
        })?;
        // SAFETY: the event is of this request and outlives what is read from it.
        unsafe {
            let result = sys::rd_kafka_event_DeleteRecords_result(event.0.as_ptr());
            let offsets = sys::rd_kafka_DeleteRecords_result_offsets(result);
            let elements = list((*offsets).elems.cast_const(), (*offsets).cnt as usize);
            elements
                .iter()
                .try_for_each(|element| Failure::check((&raw const element.err).cast::<Code>().read()))
        }
    }

    /// Sends a request and waits for its answer.
    fn request(
        &self,
        operation: operation,
        timeout: Duration,
        send: impl FnOnce(*const sys::rd_kafka_AdminOptions_t, *mut sys::rd_kafka_queue_t),
    ) -> Result<Event, Failure> {
        // SAFETY: options and queue are destroyed after the answer; the request itself ends by its timeout, a little
        // before ours.
        unsafe {
            let mut error = ErrorText::default();
            let options = sys::rd_kafka_AdminOptions_new(self.ptr(), operation);
            let set = codes::rd_kafka_AdminOptions_set_request_timeout(
                options,
                millis(timeout).max(1),
                error.as_mut_ptr(),
                ErrorText::LEN,
            );
            let queue = sys::rd_kafka_queue_new(self.ptr());
            send(options, queue);
            let event = sys::rd_kafka_queue_poll(queue, millis(timeout + Duration::from_secs(1)));
            sys::rd_kafka_queue_destroy(queue);
            sys::rd_kafka_AdminOptions_destroy(options);
            Failure::check(set)?;
            let event = Event(NonNull::new(event).ok_or_else(no_answer)?);
            let failed = codes::rd_kafka_event_error(event.0.as_ptr());
            if failed == 0 {
                Ok(event)
            } else {
                Err(Failure { code: failed, text: text(sys::rd_kafka_event_error_string(event.0.as_ptr())) })
            }
        }
    }
}

/// The answer to a request.
struct Event(NonNull<sys::rd_kafka_event_t>);

impl Drop for Event {
    fn drop(&mut self) {
        // SAFETY: ours.
        unsafe { sys::rd_kafka_event_destroy(self.0.as_ptr()) };
    }
}

/// No such topic, in any of the words for it.
pub(crate) fn unknown_topic(failed: Code) -> bool {
    failed == code(Err::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
        || failed == code(Err::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_ID)
        || failed == code(Err::RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC)
        || failed == code(Err::RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION)
}

const NO_ANSWER: Code = code(Err::RD_KAFKA_RESP_ERR__TIMED_OUT);

fn no_answer() -> Failure {
    Failure { code: NO_ANSWER, text: "no broker answered in time".to_owned() }
}

unsafe fn topic_result(results: &[*const sys::rd_kafka_topic_result_t]) -> Result<(), Failure> {
    let result = *results.first().ok_or_else(no_answer)?;
    // SAFETY: by the caller, the result is valid.
    unsafe {
        Failure::check(codes::rd_kafka_topic_result_error(result)).map_err(|failure| {
            let said = sys::rd_kafka_topic_result_error_string(result);
            let said = if said.is_null() {
                failure.text
            } else {
                CStr::from_ptr(said).to_string_lossy().into_owned()
            };
            Failure { code: failure.code, text: said }
        })
    }
}

/// An array of librdkafka's, which may be null when it is empty.
unsafe fn list<'a, T>(start: *const T, count: usize) -> &'a [T] {
    if count == 0 || start.is_null() {
        return &[];
    }
    // SAFETY: by the caller.
    unsafe { slice::from_raw_parts(start, count) }
}
