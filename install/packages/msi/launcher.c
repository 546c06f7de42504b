/* photo-agent.exe: starts python\python.exe beside it with `-m agent.cli` and the same arguments, and returns its exit
 * code.
 *
 * Python is a separate process, not a library in this one, because the program starts sys.executable for its workers.
 */
#include <windows.h>
#include <wchar.h>

static const wchar_t MODULE[] = L" -P -m agent.cli ";

/* The command line after the program's own name, unchanged. */
static const wchar_t *arguments(const wchar_t *line) {
    int quoted = 0;
    for (; *line && (quoted || (*line != L' ' && *line != L'\t')); line++)
        if (*line == L'"') quoted = !quoted;
    while (*line == L' ' || *line == L'\t') line++;
    return line;
}

static BOOL WINAPI wait_for_python(DWORD event) {
    return event == CTRL_C_EVENT || event == CTRL_BREAK_EVENT; /* Python gets them, too, and ends in its own way */
}

int wmain(void) {
    static wchar_t program[32768], line[65536];
    STARTUPINFOW start = {sizeof start};
    PROCESS_INFORMATION process;
    DWORD code = 1, length = GetModuleFileNameW(NULL, program, 32000);
    wchar_t *name = length && length < 32000 ? wcsrchr(program, L'\\') : NULL;
    const wchar_t *rest = arguments(GetCommandLineW());
    if (!name) return 127;
    wcscpy(name, L"\\python\\python.exe");
    if (wcslen(program) + wcslen(MODULE) + wcslen(rest) + 3 > 65535) return 127;
    wcscpy(line, L"\"");
    wcscat(line, program);
    wcscat(line, L"\"");
    wcscat(line, MODULE);
    wcscat(line, rest);
    SetConsoleCtrlHandler(wait_for_python, TRUE);
    GetStartupInfoW(&start);
    if (!CreateProcessW(program, line, NULL, NULL, TRUE, 0, NULL, NULL, &start, &process)) return 127;
    CloseHandle(process.hThread);
    WaitForSingleObject(process.hProcess, INFINITE);
    GetExitCodeProcess(process.hProcess, &code);
    return (int)code;
}
