# Sets the program up for the user who is logged in: keys, and the start at log-on. Run this with that user's rights, not
# as SYSTEM. It can be repeated: existing keys stay. The settings come from the machine's agent.toml, which IT deploys
# first. Exit code 0: done. Any other exit code: not done, with a message that says what to do.
$ErrorActionPreference = 'Continue'
# A folder that the laptops can write to and the server can read, such as '\\files\enrolment$'. Empty: none.
$Enrolment = ''
# The server's fingerprint, SHA256:...; empty if known_hosts_file in agent.toml has the server's key.
$HostKey = ''

if ($env:USERPROFILE -like '*\config\systemprofile') {
    Write-Output 'This ran as SYSTEM: run it with the rights of the user who is logged in. Nothing was changed.'
    exit 1
}
# In a 32-bit PowerShell, ProgramFiles is the folder for 32-bit programs.
$programs = if ($env:ProgramW6432) { $env:ProgramW6432 } else { $env:ProgramFiles }
$program = Join-Path $programs 'photo-agent\photo-agent.exe'
if (-not (Test-Path -LiteralPath $program)) { Write-Output 'The program is not installed: deploy the MSI first.'; exit 1 }
$options = @('--yes')
# A backslash before the closing quote, which PowerShell adds around a path with spaces, would hide that quote.
if ($Enrolment) { $options += @('--enrolment', ($Enrolment -replace '\\+$', '')) }
if ($HostKey) { $options += @('--host-key', $HostKey) }
$global:LASTEXITCODE = 1  # stays so if Windows does not let the program start
& $program init @options 2>&1 | ForEach-Object { "$_" }
if ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE }
& $program service install 2>&1 | ForEach-Object { "$_" }
exit $LASTEXITCODE
