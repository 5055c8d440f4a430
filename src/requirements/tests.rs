//! Reading requirements.
