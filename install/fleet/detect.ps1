# Is the program set up and running for the user who is logged in? Run this with that user's rights, not as SYSTEM.
# Exit code 0: yes. 1: no, with one line that says why; set-up.ps1 fixes it.
$ErrorActionPreference = 'Continue'
# The lowest version that is good enough. IT raises it with each roll-out.
$Wanted = [version]'0.1.0'

function Stop-With([int]$Code, [string]$Line) { Write-Output $Line; exit $Code }

$program = Join-Path $env:ProgramFiles 'photo-agent\photo-agent.exe'
if (-not (Test-Path -LiteralPath $program)) { Stop-With 1 'The program is not installed.' }
$said = [string](& $program --version 2>$null | Select-Object -First 1)
if ($said -notmatch '^photo-agent (\d+\.\d+\.\d+)') { Stop-With 1 'The program does not start.' }
if ([version]$Matches[1] -lt $Wanted) { Stop-With 1 "Version $($Matches[1]) is installed, and $Wanted is wanted." }
& $program config validate *> $null
if ($LASTEXITCODE -ne 0) { Stop-With 1 'There are no settings, or they are wrong: photo-agent config validate says why.' }
if (-not (Test-Path -LiteralPath (Join-Path $env:LOCALAPPDATA 'photo-agent\id_ed25519'))) {
    Stop-With 1 'This user has no keys yet.'
}
try { $service = & $program service status --json 2>$null | ConvertFrom-Json } catch { $service = $null }
if ($null -eq $service -or -not $service.installed) { Stop-With 1 'The program does not start at log-on.' }
if ($service.running -eq 'no') { Stop-With 1 'The program is not running.' }
Stop-With 0 "Version $($Matches[1]) is set up and running."
