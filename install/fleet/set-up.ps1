# Sets the program up for the user who is logged in: keys, and the start at log-on. Run this with that user's rights, not
# as SYSTEM. It can be repeated: existing keys stay. The settings come from the machine's agent.toml, which IT deploys
# first. Exit code 0: done. Any other exit code: not done, with a message that says what to do.
$ErrorActionPreference = 'Continue'
# A folder that the laptops can write to and the server can read, such as '\\files\enrolment$'. Empty: none.
$Enrolment = ''
# The server's fingerprint, SHA256:...; empty if known_hosts_file in agent.toml has the server's key.
$HostKey = ''

$program = Join-Path $env:ProgramFiles 'photo-agent\photo-agent.exe'
if (-not (Test-Path -LiteralPath $program)) { Write-Output 'The program is not installed: deploy the MSI first.'; exit 1 }
$options = @('--yes')
if ($Enrolment) { $options += @('--enrolment', $Enrolment) }
if ($HostKey) { $options += @('--host-key', $HostKey) }
& $program init @options 2>&1 | ForEach-Object { "$_" }
if ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE }
& $program service install 2>&1 | ForEach-Object { "$_" }
exit $LASTEXITCODE
