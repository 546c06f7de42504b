# Is the program set up and running for the user who is logged in? Run this with that user's rights, not as SYSTEM.
# Exit code 0: yes. 1: no, with one line that says why; set-up.ps1 fixes it.
$ErrorActionPreference = 'Continue'
# The lowest version that is good enough. IT raises it with each roll-out.
$Wanted = [version]'0.1.0'

function Stop-With([int]$Code, [string]$Line) { Write-Output $Line; exit $Code }

if ($env:USERPROFILE -like '*\config\systemprofile') {
    Stop-With 1 'This ran as SYSTEM: run it with the rights of the user who is logged in.'
}
# In a 32-bit PowerShell, ProgramFiles is the folder for 32-bit programs.
$programs = if ($env:ProgramW6432) { $env:ProgramW6432 } else { $env:ProgramFiles }
$program = Join-Path $programs 'photo-agent\photo-agent.exe'
if (-not (Test-Path -LiteralPath $program)) { Stop-With 1 'The program is not installed.' }
$global:LASTEXITCODE = 1  # stays so if Windows does not let the program start
$said = [string](& $program --version 2>$null)
if ($LASTEXITCODE -ne 0 -or $said -notmatch '^photo-agent (\d+\.\d+\.\d+)') { Stop-With 1 'The program does not start.' }
$version = $Matches[1]
if ([version]$version -lt $Wanted) { Stop-With 1 "Version $version is installed, and $Wanted is wanted." }
& $program config validate *> $null
if ($LASTEXITCODE -ne 0) { Stop-With 1 'There are no settings, or they are wrong: photo-agent config validate says why.' }
if (-not (Test-Path -LiteralPath (Join-Path $env:LOCALAPPDATA 'photo-agent\id_ed25519'))) {
    Stop-With 1 'This user has no keys yet.'
}
$said = & $program service status --json 2>$null
if ($LASTEXITCODE -ne 0) { Stop-With 1 'The program does not say whether it starts at log-on.' }
try { $service = $said | ConvertFrom-Json } catch { $service = $null }
if ($null -eq $service -or -not $service.installed) { Stop-With 1 'The program does not start at log-on.' }
if ($service.running -eq 'no') { Stop-With 1 'The program is not running.' }
Stop-With 0 "Version $version is set up and running."
