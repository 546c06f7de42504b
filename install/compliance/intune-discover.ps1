<#
.SYNOPSIS
Intune, custom compliance: the discovery script. Prints one line of JSON for the rules in intune-rules.json.

.DESCRIPTION
Endpoint security > Device compliance > Scripts > Add (Windows 10 and later): "Run this script using the logged on
credentials": Yes, since photo-agent belongs to the user; 64-bit PowerShell: Yes. Then make a compliance policy with
this script and the rules in intune-rules.json. The output has only counts, and no names of photos, visits or people.
#>
Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'

$found = [ordered]@{
    PhotoAgentInstalled    = $false
    PhotoAgentRunning      = $false
    PhotoAgentOverdue      = 0
    PhotoAgentNotSendable  = 0
    PhotoAgentShareRefused = $false
}
try {
    $command = Join-Path $env:LOCALAPPDATA 'Programs\photo-agent\bin\photo-agent.cmd'
    if (-not (Test-Path -LiteralPath $command)) {
        $onPath = Get-Command 'photo-agent' -ErrorAction SilentlyContinue
        $command = if ($onPath) { $onPath.Source } else { $null }
    }
    if ($command) {
        $found.PhotoAgentInstalled = $true
        $ErrorActionPreference = 'Continue'  # its standard error output is for people
        $line = & $command status --json 2>$null | Select-Object -First 1
        $ErrorActionPreference = 'Stop'
        $status = $line | ConvertFrom-Json
        $found.PhotoAgentRunning = [bool]$status.service.running
        $found.PhotoAgentOverdue = [int]$status.overdue
        $found.PhotoAgentNotSendable = [int]$status.counts.refused
        $found.PhotoAgentShareRefused = [int]$status.exit_code -eq 6
    }
} catch {
    $found.PhotoAgentRunning = $false  # after any fault, the rules see that the program does not work
}
return $found | ConvertTo-Json -Compress
