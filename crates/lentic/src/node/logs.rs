use lentic_engine::log::SharedLog;
use super::directory::DataDir;
use crate::NodeError;
use crate::config::Config;
pub(crate) fn open(config: &Config, dir: &DataDir) -> Result<SharedLog, NodeError> {
    let _ = (config, dir.log());
    Err(NodeError::Config("x".to_owned()))
}
pub(crate) struct Membership {}
pub(crate) fn join(config: &Config, dir: &DataDir, log: &SharedLog) -> Result<Option<Membership>, NodeError> {
    let _ = (config, dir, log);
    Ok(None)
}
