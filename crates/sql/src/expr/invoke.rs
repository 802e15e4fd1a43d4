//! Calls of functions.
use super::frame::{Frame, Parameters};
use super::node::{CallNode, Node};
use crate::error::Result;
use crate::function::Lambda;
use crate::value::Value;

impl CallNode {
    /// The result. An argument that cannot be computed is NULL to the function, as in ksqlDB.
    pub fn eval(&self, frame: &Frame<'_>) -> Result<Value> {
        // The usual numbers of arguments need no list on the heap.
        match &*self.arguments {
            [] => self.call_with(&[], frame),
            [a] => self.call_with(&[a.part(frame)], frame),
            [a, b] => self.call_with(&[a.part(frame), b.part(frame)], frame),
            [a, b, c] => self.call_with(&[a.part(frame), b.part(frame), c.part(frame)], frame),
            more => self.call_with(&more.iter().map(|one| one.part(frame)).collect::<Vec<_>>(), frame),
        }
    }

    fn call_with(&self, arguments: &[Value], frame: &Frame<'_>) -> Result<Value> {
        match &*self.lambdas {
            [] => self.call.evaluate(arguments),
            [one] => self.call.evaluate_with(arguments, &[&closure(one, frame)]),
            lambdas => {
                let closures: Vec<_> = lambdas.iter().map(|body| closure(body, frame)).collect();
                let closures: Vec<&Lambda<'_>> = closures.iter().map(|one| one as &Lambda<'_>).collect();
                self.call.evaluate_with(arguments, &closures)
            }
        }
    }
}

fn closure<'a>(body: &'a Node, frame: &'a Frame<'a>) -> impl Fn(&[Value]) -> Result<Value> + 'a {
    move |values: &[Value]| {
        let parameters = Parameters { values, outer: frame.parameters };
        body.eval(&Frame { row: frame.row, parameters: Some(&parameters), report: frame.report })
    }
}
