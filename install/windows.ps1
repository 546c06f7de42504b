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
$Bin = Join-Path $Place 'bin'
$Command = Join-Path $Bin 'photo-agent.cmd'
$Shortcut = Join-Path ([Environment]::GetFolderPath('Programs')) 'School photos.lnk'

function Get-InstalledVenv {
    # The environment that the command on the PATH starts: each version is prepared in a folder of its own.
    if (Test-Path -LiteralPath $Command) {
        $line = @(Get-Content -LiteralPath $Command | Where-Object { $_ -match '^"%~dp0\.\.\\([^\\"]+)\\Scripts\\' })
        if ($line.Count -and $line[0] -match '^"%~dp0\.\.\\([^\\"]+)\\Scripts\\') { return Join-Path $Place $Matches[1] }
    }
    return Join-Path $Place 'venv'
}

$Venv = Get-InstalledVenv
$Python = Join-Path $Venv 'Scripts\python.exe'

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
    $fromStore = 'import sys; sys.exit(''WindowsApps'' not in sys.base_prefix)'
    $onlyStore = $false
    foreach ($candidate in @(@('py', '-3'), @('python'), @('python3'))) {
        if (-not (Get-Command $candidate[0] -ErrorAction SilentlyContinue)) { continue }
        $before = @($candidate | Select-Object -Skip 1)
        if (-not (Invoke-Quietly $candidate[0] ($before + @('-c', $test)))) { continue }
        if (Invoke-Quietly $candidate[0] ($before + @('-c', $fromStore))) { $onlyStore = $true; continue }
        return $candidate
    }
    if ($onlyStore) {
        Stop-WithReason ('Only the Python of the Microsoft Store was found. Windows keeps what it writes in a folder of its ' +
            'own, where neither you nor IT would find the settings. Get Python from https://www.python.org/downloads/windows/ ' +
            'or: winget install Python.Python.3.13')
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
            # By the program itself: a folder's name that went through a pipe may come out in another code page.
            & $Python -c 'from agent.settings import purge; purge()'
            if ($LASTEXITCODE -ne 0) { Stop-WithReason 'Not all of the settings could be taken away, so the program stays.' }
        }
    }
    elseif ($Purge) {
        Stop-WithReason "The program is not in $Venv any more, so where its settings are is not known. Install it, then purge."
    }
    $folders = @($Bin) + @(Get-ChildItem -Directory -Path $Place -Filter 'venv*' | ForEach-Object { $_.FullName })
    foreach ($folder in $folders) {
        if (Test-Path -LiteralPath $folder) { Remove-Item -Recurse -Force -LiteralPath $folder }
    }
    if (Test-Path -LiteralPath $Shortcut) { Remove-Item -Force -LiteralPath $Shortcut }
    Edit-UserPath { param($parts) $parts | Where-Object { $_ -ne $Bin } }
    if ((Test-Path $Place) -and -not (Get-ChildItem -Force $Place)) { Remove-Item -LiteralPath $Place }
    if (-not $Purge) {
        Write-Output 'The program is gone. Settings, keys, journal and record stay; -Purge would take them away.'
        return
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

# The new version is prepared beside the one that runs, which goes on working until the new one is whole; if anything
# fails before, the new folder is taken away again and nothing has changed.
$New = Join-Path $Place ('venv-' + (Get-Date -Format 'yyyyMMddHHmmss'))
$NewPython = Join-Path $New 'Scripts\python.exe'
$NewProgram = Join-Path $New 'Scripts\photo-agent.exe'

function Undo-AndStop([string]$Reason) {
    if (Test-Path -LiteralPath $New) { Remove-Item -Recurse -Force -LiteralPath $New }
    Stop-WithReason "$Reason Nothing was changed."
}

$found = @(Find-Python)
New-Item -ItemType Directory -Force -Path $Place | Out-Null
$before = @($found | Select-Object -Skip 1)
& $found[0] @before -m venv $New
if ($LASTEXITCODE -ne 0) { Undo-AndStop "The virtual environment in $New could not be made." }
Write-Output 'Installing (a minute or two the first time)'
# What it needs comes in the versions that were tested, each file by its hash.
$locked = Join-Path $PSScriptRoot 'locked\laptop.txt'
& $NewPython -m pip --disable-pip-version-check --no-input install --quiet --require-hashes -r $locked
if ($LASTEXITCODE -eq 0) {
    & $NewPython -m pip --disable-pip-version-check --no-input install --quiet $From
}
if ($LASTEXITCODE -ne 0) {
    Undo-AndStop 'pip could not install it. Is the network reachable? (Proxy: HTTPS_PROXY; mirror: PIP_INDEX_URL.)'
}
# Notices on the desktop, where what they need can be had here; they are not worth failing for.
$null = Invoke-Quietly $NewPython @('-m', 'pip', '--disable-pip-version-check', '--no-input', 'install', '--quiet', "${From}[desktop]")
if (-not (Invoke-Quietly $NewProgram @('--version'))) { Undo-AndStop 'The new version does not start.' }

# A folder with this one command in it goes on the PATH, not all of the environment's. From here on the new one counts.
New-Item -ItemType Directory -Force -Path $Bin | Out-Null
$wrapper = @('@echo off', ('"%~dp0..\' + (Split-Path -Leaf $New) + '\Scripts\photo-agent.exe" %*'))
Set-Content -Encoding Ascii -Path "$Command.new" -Value $wrapper
Move-Item -Force -LiteralPath "$Command.new" -Destination $Command
Edit-UserPath { param($parts) if ($parts -contains $Bin) { $parts } else { $parts + $Bin } }
$Venv = $New
$Program = $NewProgram

# "School photos" in the Start menu opens the staff page, without a console window.
try {
    $link = (New-Object -ComObject WScript.Shell).CreateShortcut($Shortcut)
    $link.TargetPath = Join-Path $New 'Scripts\pythonw.exe'
    $link.Arguments = '-m agent.cli open'
    $link.Description = 'Which photos are safe on the school network, and which need you'
    $link.Save()
}
catch { Write-Output 'Note: "School photos" could not be put into the Start menu; `photo-agent open` opens the page.' }

# Settings that are there and in order are kept: set-up run again is an upgrade.
if (-not $NoInit -and -not (Invoke-Quietly $Program @('config', 'validate'))) {
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
if (-not $NoService) {
    # Older versions go once the service runs the new one; what is still in use goes with the next upgrade.
    Get-ChildItem -Directory -Path $Place -Filter 'venv*' | Where-Object { $_.FullName -ne $Venv } |
        ForEach-Object { Remove-Item -Recurse -Force -LiteralPath $_.FullName -ErrorAction SilentlyContinue }
}
Write-Output 'Done. `photo-agent doctor` checks everything; `photo-agent status` says how it stands. Open a new window for the command.'
