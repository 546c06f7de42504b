<#
.SYNOPSIS
Sets up visit-photo-agent for the user who runs it, without administrator's rights. Run it again to upgrade.

.DESCRIPTION
    powershell -ExecutionPolicy Bypass -File install\windows.ps1 [-From WHEEL|FOLDER] [-NoInit] [-NoService] [options of init]
    powershell -ExecutionPolicy Bypass -File install\windows.ps1 -Uninstall [-Purge]

.PARAMETER From
What to install; default: the folder this script came with.
.PARAMETER NoInit
Do not write settings and keys (because IT provides them).
.PARAMETER NoService
Do not start the program at log-on.
.PARAMETER Uninstall
Remove the program and its task; settings, keys, journal and record stay.
.PARAMETER Purge
With -Uninstall: remove these too.
.PARAMETER InitOptions
All other arguments go to `photo-agent init`, such as --staff j.smith --host photos.school.example
#>
[CmdletBinding(PositionalBinding = $false)]
param(
    [string]$From = '',
    [switch]$NoInit,
    [switch]$NoService,
    [switch]$Uninstall,
    [switch]$Purge,
    [Parameter(ValueFromRemainingArguments = $true)][string[]]$InitOptions = @()
)
Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'

if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') {
    Write-Output 'This laptop lets only trusted scripts change it (constrained language mode). Let IT sign this script or use the MSI.'
    exit 2
}
# Windows PowerShell 5 does not know $PSScriptRoot yet when it works out the parameters' defaults.
if (-not $From) { $From = Split-Path -Parent $PSScriptRoot }

$Place = Join-Path $env:LOCALAPPDATA 'Programs\photo-agent'
$Bin = Join-Path $Place 'bin'
$Command = Join-Path $Bin 'photo-agent.cmd'
$Shortcut = Join-Path ([Environment]::GetFolderPath('Programs')) 'School photos.lnk'

function Get-InstalledVenv {
    # The environment that the command on the PATH starts; each version has its own folder.
    if (Test-Path -LiteralPath $Command) {
        $line = @(Get-Content -LiteralPath $Command | Where-Object { $_ -match '^"%~dp0\.\.\\([^\\"]+)\\Scripts\\' })
        if ($line.Count -and $line[0] -match '^"%~dp0\.\.\\([^\\"]+)\\Scripts\\') { return Join-Path $Place $Matches[1] }
    }
    return Join-Path $Place 'venv'
}

$Venv = Get-InstalledVenv
$Python = Join-Path $Venv 'Scripts\python.exe'
$WasInstalled = Test-Path -LiteralPath $Python

function Stop-WithReason([string]$Reason) {
    [Console]::Error.WriteLine($Reason)
    exit 2
}

if ($env:USERPROFILE -like '*\config\systemprofile') {
    Stop-WithReason 'This ran as SYSTEM: run it as the user who takes the photos, or deploy the MSI. Nothing was changed.'
}

function Invoke-Quietly([string]$Exe, [string[]]$Arguments) {
    # Whether a program ends without a fault. PowerShell 5 would treat its standard error output as a fault.
    $ErrorActionPreference = 'Continue'
    # If Windows does not let the program start, there is no new exit code, only the one of the program before.
    $global:LASTEXITCODE = 1
    try { & $Exe @Arguments *> $null } catch { return $false }
    return $LASTEXITCODE -eq 0
}

function Get-QuotableArgument([string]$Argument) {
    # PowerShell 5 puts a text with spaces between quotes, and a backslash at its end would hide the closing one.
    if ($Argument -match '\s') { return $Argument -replace '(\\+)$', '$1$1' }
    return $Argument
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
        Stop-WithReason ('Only the Python of the Microsoft Store was found. Windows hides the files that it writes in a ' +
            'separate folder, where neither you nor IT would find the settings. Get Python from ' +
            'https://www.python.org/downloads/windows/ or run: winget install Python.Python.3.13')
    }
    Stop-WithReason 'No Python 3.11 or newer was found. Get it from https://www.python.org/downloads/windows/ or: winget install Python.Python.3.13'
}

function Edit-UserPath([scriptblock]$Change) {
    # Read the registry's own text, so that %VARIABLES% in it stay unchanged.
    $key = [Microsoft.Win32.Registry]::CurrentUser.OpenSubKey('Environment', $true)
    $old = [string]$key.GetValue('Path', '', [Microsoft.Win32.RegistryValueOptions]::DoNotExpandEnvironmentNames)
    $parts = @($old -split ';' | Where-Object { $_ })
    $new = @(& $Change $parts) -join ';'
    if ($new -ne $old) {
        $key.SetValue('Path', $new, [Microsoft.Win32.RegistryValueKind]::ExpandString)
        # This tells the desktop, so that new windows use the new path without a new log-on.
        [Environment]::SetEnvironmentVariable('PHOTO_AGENT_PATH_CHANGED', $null, 'User')
    }
    $key.Close()
}

function Remove-Program {
    if (Test-Path -LiteralPath $Python) {
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
        if ($LASTEXITCODE -ne 0) { Stop-WithReason 'The task could not be stopped, so nothing was removed.' }
        if ($Purge) {
            # The program itself does this, because a pipe may change the code page of a folder's name.
            & $Python -c 'from agent.settings import purge; purge()'
            if ($LASTEXITCODE -ne 0) { Stop-WithReason 'Some of the settings could not be removed, so the program stays.' }
        }
    }
    elseif ($Purge) {
        Stop-WithReason "The program is no longer in $Venv, so this script cannot find its settings. Install it again, then purge."
    }
    if (-not (Test-Path -LiteralPath $Place)) { Stop-WithReason "The program is not installed in $Place, so nothing was removed." }
    $folders = @($Bin) + @(Get-ChildItem -Directory -LiteralPath $Place -Filter 'venv*' | ForEach-Object { $_.FullName })
    foreach ($folder in $folders) {
        if (Test-Path -LiteralPath $folder) { Remove-Item -Recurse -Force -LiteralPath $folder }
    }
    if (Test-Path -LiteralPath $Shortcut) { Remove-Item -Force -LiteralPath $Shortcut }
    Edit-UserPath { param($parts) $parts | Where-Object { $_ -ne $Bin } }
    if (-not (Get-ChildItem -Force -LiteralPath $Place)) { Remove-Item -LiteralPath $Place }
    if (-not $Purge) {
        Write-Output 'The program was removed. Settings, keys, journal and record stay; -Purge would remove them.'
        return
    }
    Write-Output "The program, its settings, keys, journal and record were removed from this user's account. IT must still remove"
    Write-Output 'the key from the server (install/server/add-device.sh --remove). A state_dir that you chose was left alone.'
}

if ($Purge -and -not $Uninstall) { Stop-WithReason '-Purge can only be used with -Uninstall.' }
if ($Uninstall) {
    Remove-Program
    exit 0
}

if (-not (Test-Path -LiteralPath $From)) { Stop-WithReason "There is nothing to install at $From." }

# The new version is prepared beside the running one, which keeps working until the new one is complete. If anything fails
# before that, the new folder is removed and nothing has changed.
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
$Source = Get-QuotableArgument $From
& $found[0] @before -m venv $New
if ($LASTEXITCODE -ne 0) { Undo-AndStop "The virtual environment in $New could not be made." }
Write-Output 'Installing (a minute or two the first time)'
# Install the tested version of each package, and check each file by its hash.
$locked = Join-Path $PSScriptRoot 'locked\laptop.txt'
& $NewPython -m pip --disable-pip-version-check --no-input install --quiet --require-hashes -r $locked
if ($LASTEXITCODE -eq 0) {
    & $NewPython -m pip --disable-pip-version-check --no-input install --quiet $Source
}
if ($LASTEXITCODE -ne 0) {
    Undo-AndStop 'pip could not install the program. Is the network reachable? (Proxy: HTTPS_PROXY; mirror: PIP_INDEX_URL.)'
}
# The packages for desktop notices, if they are available here; a fault does not stop the installation.
$null = Invoke-Quietly $NewPython @('-m', 'pip', '--disable-pip-version-check', '--no-input', 'install', '--quiet', "${From}[desktop]")
if (-not (Invoke-Quietly $NewProgram @('--version'))) { Undo-AndStop 'The new version does not start.' }

# Add a folder with only this command to the PATH, not the environment's. From here on the new version is in use.
New-Item -ItemType Directory -Force -Path $Bin | Out-Null
$wrapper = @('@echo off', ('"%~dp0..\' + (Split-Path -Leaf $New) + '\Scripts\photo-agent.exe" %*'))
Set-Content -Encoding Ascii -LiteralPath "$Command.new" -Value $wrapper
Move-Item -Force -LiteralPath "$Command.new" -Destination $Command
Edit-UserPath { param($parts) if ($parts -contains $Bin) { $parts } else { $parts + $Bin } }
$Venv = $New
$Program = $NewProgram

# "School photos" in the Start menu opens the staff page, without a console window.
try {
    $link = (New-Object -ComObject WScript.Shell).CreateShortcut($Shortcut)
    $link.TargetPath = Join-Path $New 'Scripts\pythonw.exe'
    $link.Arguments = '-P -m agent.cli open'
    $link.Description = 'Which photos are safe on the school network, and which need you'
    $link.Save()
}
catch { Write-Output 'Note: "School photos" could not be added to the Start menu; `photo-agent open` opens the page.' }

# Keep existing settings if they are valid: running the set-up again is an upgrade.
if (-not $NoInit -and -not (Invoke-Quietly $Program @('config', 'validate'))) {
    $options = @($InitOptions | ForEach-Object { Get-QuotableArgument $_ })
    & $Program init @options
    if ($LASTEXITCODE -ne 0) {
        Stop-WithReason 'Installed, but not set up: run `photo-agent init`, then `photo-agent service install`.'
    }
}
if ($NoInit -and -not $NoService -and -not $WasInstalled -and -not (Invoke-Quietly $Program @('config', 'validate'))) {
    Write-Output 'Installed. There are no valid settings yet, so nothing was started: run `photo-agent init`, or put IT''s settings in their place, then `photo-agent service install`.'
    exit 0
}
if (-not $NoService) {
    & $Program service install
    if ($LASTEXITCODE -ne 0) {
        Stop-WithReason 'Installed, but not started at log-on: fix what the message above says, then run `photo-agent service install`.'
    }
}
if (-not $NoService) {
    # Remove older versions now that the service runs the new one. Files still in use are removed by the next upgrade.
    Get-ChildItem -Directory -LiteralPath $Place -Filter 'venv*' | Where-Object { $_.FullName -ne $Venv } |
        ForEach-Object { Remove-Item -Recurse -Force -LiteralPath $_.FullName -ErrorAction SilentlyContinue }
}
Write-Output 'Done. `photo-agent doctor` checks everything; `photo-agent status` shows what waits. Open a new window to use the command.'
