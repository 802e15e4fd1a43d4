//! Tables over HTTP: declarations and how they are doing.
mod attach;
mod declare;
mod describe;
mod guess;
mod route;

pub(crate) use attach::attach;
pub(crate) use declare::{alter, create, drop};
pub(crate) use describe::{description, get, list};
pub(crate) use guess::guess;
pub(crate) use route::route;

pub(crate) mod paths {
    pub(crate) use super::attach::__path_attach;
    pub(crate) use super::declare::{__path_alter, __path_create, __path_drop};
    pub(crate) use super::describe::{__path_get, __path_list};
    pub(crate) use super::guess::__path_guess;
    pub(crate) use super::route::__path_route;
}
