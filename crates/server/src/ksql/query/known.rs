//! Answers by plans that are at hand.
use lentic_ksql_api::ErrorBody;

use super::prepared::{Known, Prepared, Question};
use super::pull::pull_id;
use super::told::{failed, unreadable};
use super::{Answer, Told, store};
use crate::call::Call;
use crate::ksql::{Ksql, Rights};
use crate::state::State;

impl Ksql {
    /// The answer to a question, if one like it was asked before.
    pub(crate) async fn answer_known(
        &self,
        call: &Call,
        rights: &Rights,
        question: Question<'_>,
        mut answer: Box<dyn Answer>,
    ) -> Result<Option<Told>, ErrorBody> {
        let Some(known) = self.prepared(question, rights)? else { return Ok(None) };
        let (id, gather) = (pull_id(self.planner().world.now_ms()), call.gather());
        if gather.is_plain()
            && let Some(here) = known.answer_here(&call.state, &id, &mut *answer)
        {
            return here.map(|whole| Some(Told::Whole(whole)));
        }
        known.into_pulled(id).tell(&call.state, gather, answer).await.map(Some)
    }
}

impl Known {
    /// The whole answer, if it can be had here and now, as that to a read of a row.
    fn answer_here(
        &self,
        state: &State,
        id: &str,
        answer: &mut dyn Answer,
    ) -> Option<Result<Vec<u8>, ErrorBody>> {
        let Prepared { pull, columns, store, .. } = &*self.prepared;
        if pull.windows().is_some() {
            return None;
        }
        let mut collector = pull.collector();
        let mut take = |row: &[u8], timestamp: i64| collector.add(&self.key, row, timestamp).map(drop);
        let read = store::read_here(state, store, &self.key, &mut take)?;
        let read = read.map_err(|error| unreadable(error.expected, &error.text));
        Some(read.and_then(|()| {
            let mut out = Vec::with_capacity(512);
            answer.header(id, columns, &mut out);
            for row in collector.finish() {
                answer.row(&row, columns, &mut out).map_err(|error| failed(&error))?;
            }
            answer.end(None, &mut out);
            Ok(out)
        }))
    }
}
