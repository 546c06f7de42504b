<#
.SYNOPSIS
Sets up visit-photo-agent for the user who runs it, without administrator's rights. May be repeated: it then upgrades.

.DESCRIPTION
    powershell -ExecutionPolicy Bypass -File install\windows.ps1 [-From WHEEL|FOLDER] [-NoInit] [-NoService] [options of init]
    powershell -ExecutionPolicy Bypass -File install\windows.ps1 -Uninstall [-Purge]

.PARAMETER From
What to install; default: the folder this script came with.
.PARAMETER NoInit
Do not write settings and keys (IT has put them there).
.PARAMETER NoService
Do not have it started at log-on.
.PARAMETER Uninstall
Take the program and its task away; settings, keys, journal and record stay.
.PARAMETER Purge
With -Uninstall: take those away too.
.PARAMETER InitOptions
All else goes to `photo-agent init`, as --staff j.smith --host photos.school.example
#>
[CmdletBinding(PositionalBinding = $false)]
param(
    [string]$From = (Split-Path -Parent $PSScriptRoot),
    [switch]$NoInit,
    [switch]$NoService,
    [switch]$Uninstall,
    [switch]$Purge,
    [Parameter(ValueFromRemainingArguments = $true)][string[]]$InitOptions = @()
)
Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'

$Place = Join-Path $env:LOCALAPPDATA 'Programs\photo-agent'
$Venv = Join-Path $Place 'venv'
$Bin = Join-Path $Place 'bin'
$Python = Join-Path $Venv 'Scripts\python.exe'
$Program = Join-Path $Venv 'Scripts\photo-agent.exe'

function Stop-WithReason([string]$Reason) {
    [Console]::Error.WriteLine($Reason)
    exit 2
}

function Invoke-Quietly([string]$Exe, [string[]]$Arguments) {
    # Whether a program ends well; PowerShell 5 would take what it writes to standard error for a fault of its own.
    $ErrorActionPreference = 'Continue'
    & $Exe @Arguments *> $null
    return $LASTEXITCODE -eq 0
}

function Find-Python {
    $test = 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))'
    foreach ($candidate in @(@('py', '-3'), @('python'), @('python3'))) {
        if (-not (Get-Command $candidate[0] -ErrorAction SilentlyContinue)) { continue }
        $before = @($candidate | Select-Object -Skip 1)
        if (Invoke-Quietly $candidate[0] ($before + @('-c', $test))) { return $candidate }
    }
    Stop-WithReason 'No Python 3.11 or newer was found. Get it from https://www.python.org/downloads/windows/ or: winget install Python.Python.3.13'
}

function Edit-UserPath([scriptblock]$Change) {
    # The registry's own text, so that %VARIABLES% in it stay as they are.
    $key = [Microsoft.Win32.Registry]::CurrentUser.OpenSubKey('Environment', $true)
    $old = [string]$key.GetValue('Path', '', [Microsoft.Win32.RegistryValueOptions]::DoNotExpandEnvironmentNames)
    $parts = @($old -split ';' | Where-Object { $_ })
    $new = @(& $Change $parts) -join ';'
    if ($new -ne $old) {
        $key.SetValue('Path', $new, [Microsoft.Win32.RegistryValueKind]::ExpandString)
        # Tells the desktop, so that new windows know it without a new log-on.
        [Environment]::SetEnvironmentVariable('PHOTO_AGENT_PATH_CHANGED', $null, 'User')
    }
    $key.Close()
}

function Remove-Program {
    $folders = @()
    if (Test-Path $Python) {
        $code = @'
import sys
from agent.errors import AgentError
from agent.service import Launch, for_this_system, this_program
try:
    for_this_system(Launch(this_program())).uninstall()
except AgentError as fault:
    sys.exit(str(fault))
'@
        & $Python -c $code
        if ($LASTEXITCODE -ne 0) { Stop-WithReason 'The task could not be stopped, so nothing was taken away.' }
        if ($Purge) {
            $ask = 'from agent.settings import config_folder, state_folder; print(config_folder()); print(state_folder())'
            $folders = @(& $Python -c $ask | Select-Object -Unique)
        }
    }
    elseif ($Purge) {
        Stop-WithReason "The program is not in $Venv any more, so where its settings are is not known. Install it, then purge."
    }
    foreach ($folder in @($Bin, $Venv)) {
        if (Test-Path $folder) { Remove-Item -Recurse -Force -LiteralPath $folder }
    }
    Edit-UserPath { param($parts) $parts | Where-Object { $_ -ne $Bin } }
    if ((Test-Path $Place) -and -not (Get-ChildItem -Force $Place)) { Remove-Item -LiteralPath $Place }
    if (-not $Purge) {
        Write-Output 'The program is gone. Settings, keys, journal and record stay; -Purge would take them away.'
        return
    }
    foreach ($folder in $folders) {
        if ((Split-Path -Leaf $folder) -ne 'photo-agent') {
            Write-Output "not removed, as it does not look like the program's own: $folder"
        }
        elseif (Test-Path $folder) { Remove-Item -Recurse -Force -LiteralPath $folder }
    }
    Write-Output "The program, its settings, keys, journal and record are gone from this user's account. IT still has to take"
    Write-Output 'the key off the server (install/server/add-device.sh --remove). A state_dir of your own choice was left alone.'
}

if ($Purge -and -not $Uninstall) { Stop-WithReason '-Purge goes with -Uninstall.' }
if ($Uninstall) {
    Remove-Program
    exit 0
}

if (-not (Test-Path $From)) { Stop-WithReason "There is nothing to install at $From." }
if (Test-Path $Python) {
    # What runs cannot be replaced on Windows; `service install` below starts it again.
    $null = Invoke-Quietly $Program @('service', 'stop')
}
if (-not ((Test-Path $Python) -and (Invoke-Quietly $Python @('-c', 'import pip')))) {
    $found = @(Find-Python)
    New-Item -ItemType Directory -Force -Path $Place | Out-Null
    $before = @($found | Select-Object -Skip 1)
    & $found[0] @before -m venv --clear $Venv
    if ($LASTEXITCODE -ne 0) { Stop-WithReason "The virtual environment in $Venv could not be made." }
}
Write-Output 'Installing (a minute or two the first time)'
& $Python -m pip --disable-pip-version-check --no-input install --quiet --upgrade $From
if ($LASTEXITCODE -ne 0) {
    Stop-WithReason 'pip could not install it. Is the network reachable? (Proxy: HTTPS_PROXY; mirror: PIP_INDEX_URL.)'
}

# A folder with this one command in it goes on the PATH, not all of the environment's.
New-Item -ItemType Directory -Force -Path $Bin | Out-Null
Set-Content -Encoding Ascii -Path (Join-Path $Bin 'photo-agent.cmd') -Value @('@echo off', '"%~dp0..\venv\Scripts\photo-agent.exe" %*')
Edit-UserPath { param($parts) if ($parts -contains $Bin) { $parts } else { $parts + $Bin } }

if (-not $NoInit) {
    & $Program init @InitOptions
    if ($LASTEXITCODE -ne 0) {
        Stop-WithReason 'Installed, but not set up: run `photo-agent init`, then `photo-agent service install`.'
    }
}
if (-not $NoService) {
    & $Program service install
    if ($LASTEXITCODE -ne 0) {
        Stop-WithReason 'Installed, but not started at log-on: put right what it says, then run `photo-agent service install`.'
    }
}
Write-Output 'Done. `photo-agent doctor` checks everything; `photo-agent status` says how it stands. Open a new window for the command.'
