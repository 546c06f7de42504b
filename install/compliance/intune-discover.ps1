<#
.SYNOPSIS
Intune, custom compliance: the discovery script. Prints one line of JSON for the rules in intune-rules.json.

.DESCRIPTION
Endpoint security > Device compliance > Scripts > Add (Windows 10 and later): "Run this script using the logged on
credentials": Yes, since photo-agent belongs to the user; 64-bit PowerShell: Yes. Then make a compliance policy with
this script and the rules in intune-rules.json. The output has only counts, and no names of photos, visits or people.
#>
# A property that `status --json` does not print counts as 0 or false: it leaves out the states that no photo is in.
$ErrorActionPreference = 'Stop'

$found = @{
    PhotoAgentInstalled    = $false
    PhotoAgentRunning      = $false
    PhotoAgentOverdue      = 0
    PhotoAgentNotSendable  = 0
    PhotoAgentShareRefused = $false
}
try {
    # The MSI's place, also for a 32-bit PowerShell; then the place of install\windows.ps1. PATH is not asked, because
    # Intune's agent has the one of the time when it was started.
    $programs = if ($env:ProgramW6432) { $env:ProgramW6432 } else { $env:ProgramFiles }
    $places = @(
        (Join-Path $programs 'photo-agent\photo-agent.exe'),
        (Join-Path $env:LOCALAPPDATA 'Programs\photo-agent\bin\photo-agent.cmd')
    )
    $command = $places | Where-Object { Test-Path -LiteralPath $_ } | Select-Object -First 1
    if ($command) {
        $found['PhotoAgentInstalled'] = $true
        $ErrorActionPreference = 'Continue'  # its standard error output is for people
        $global:LASTEXITCODE = 1  # stays so if Windows does not let the program start
        $lines = @(& $command status --json 2>$null)
        # Many codes say what waits, and come with the answer.
        $line = if ($LASTEXITCODE -eq 1) { $null } else { $lines[0] }
        $ErrorActionPreference = 'Stop'
        $status = $line | ConvertFrom-Json
        $found['PhotoAgentRunning'] = [bool]$status.service.running
        $found['PhotoAgentOverdue'] = [int]$status.overdue
        $found['PhotoAgentNotSendable'] = [int]$status.counts.refused
        $found['PhotoAgentShareRefused'] = [int]$status.exit_code -eq 6
    }
} catch {
    $found['PhotoAgentRunning'] = $false  # after any fault, the rules see that the program does not work
}
return $found | ConvertTo-Json -Compress
