//! The commands that a session must not leave to evcxr: they replace the evaluating process, or end the kernel.

/// A command that stands alone in its cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// `:vars`: the table of variables.
    Vars,
    /// `:restart`: a new evaluating process; variables are lost, what was defined stays.
    Restart,
    /// `:clear`: a new evaluating process, and everything forgotten.
    Clear,
    /// `:quit`: not a cell's business.
    Quit,
}

/// The command that a cell consists of; `Err` names one that stands among other lines.
pub fn read(source: &str) -> Result<Option<Command>, String> {
    let known = |line: &str| match line.split_whitespace().next() {
        Some(":vars") => Some(Command::Vars),
        Some(":restart") => Some(Command::Restart),
        Some(":clear") => Some(Command::Clear),
        Some(":quit") => Some(Command::Quit),
        _ => None,
    };
    let lines: Vec<&str> = source.lines().filter(|line| !line.trim().is_empty()).collect();
    match lines.iter().find(|line| known(line).is_some()) {
        None => Ok(None),
        Some(line) if lines.len() == 1 => Ok(known(line)),
        Some(line) => Err((*line).to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_stands_alone() {
        assert_eq!(read("\n:vars \n"), Ok(Some(Command::Vars)));
        assert_eq!(read(" :restart now"), Ok(Some(Command::Restart)));
        assert_eq!(read(":dep a = \"1\"\nlet x = 1;"), Ok(None));
        assert_eq!(read("let x = 1;\n:clear"), Err(":clear".to_owned()));
    }
}
