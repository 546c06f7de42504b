/* Preloaded into a photo-agent under test: it counts every side effect, and makes one of them go wrong.

   An effect is a call that changes something outside the process: a file made, written, cut, synced, named, unlinked,
   a folder made or taken away (below the folder ROOT), or bytes sent to a socket or a pipe. Effects are counted from 1.
   At the chosen one the process is killed (before, after, or half-way through a write), or the call fails with an
   error number, once or (files only) from there on, or writes only half of what it was given. A failing send is a
   connection reset by the other side.

   With a trace every effect that succeeded is put down, with its bytes, so that a test can work out what a power cut
   at any moment may leave. `clock` is added to what the process takes for the time of day.

   Nothing is armed until `faults_arm` is called; processes started by the armed one are left alone. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum how { NOTHING, KILL_BEFORE, KILL_AFTER, KILL_HALF, FAIL_ONCE, FAIL_ON, SHORT };

static pid_t armed; /* the process that is armed, or 0 */
static long count, target;
static enum how how;
static int number;
static int trace = -1;
static long clock_ahead;
static char root[PATH_MAX];
static size_t root_length;
static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;

#define REAL(type, name, ...)                                                                                          \
    static type (*real)(__VA_ARGS__);                                                                                  \
    if (!real) real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

void faults_arm(const char *below, long at, int what, int error, int trace_to, long ahead) {
    strncpy(root, below, sizeof root - 1);
    root_length = strlen(root);
    count = 0, target = at, how = what, number = error, trace = trace_to, clock_ahead = ahead;
    armed = getpid();
}

long faults_count(void) { return count; }

static int on(void) { return armed && armed == getpid(); }

static void die(void) {
    syscall(SYS_kill, getpid(), SIGKILL);
    for (;;) pause();
}

static const char *of_descriptor(int fd, char *into) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, into, PATH_MAX - 1);
    into[length < 0 ? 0 : length] = 0;
    return into;
}

static const char *whole(int folder, const char *name, char *into) {
    if (name[0] == '/') {
        snprintf(into, PATH_MAX, "%s", name);
        return into;
    }
    char base[PATH_MAX];
    if (folder == AT_FDCWD) {
        if (!getcwd(base, sizeof base)) base[0] = 0;
    } else {
        of_descriptor(folder, base);
    }
    if (snprintf(into, PATH_MAX, "%s/%s", base, name) >= PATH_MAX) into[0] = 0;
    return into;
}

static int counts(const char *path) {
    return strncmp(path, root, root_length) == 0 && (path[root_length] == '/' || path[root_length] == 0);
}

/* What is to be done with the effect that begins now. */
enum verdict { GO, FAIL, HALVE, HALVE_AND_DIE, DIE_AFTER };

static enum verdict begins(void) {
    long now = ++count;
    if (!target || how == NOTHING) return GO;
    if (how == FAIL_ON && now >= target) return FAIL;
    if (now != target) return GO;
    switch (how) {
    case KILL_BEFORE: die(); return GO;
    case KILL_AFTER: return DIE_AFTER;
    case KILL_HALF: return HALVE_AND_DIE;
    case FAIL_ONCE: return FAIL;
    case SHORT: return HALVE;
    default: return GO;
    }
}

static void all_of(const void *bytes, size_t size) {
    const char *at = bytes;
    while (size) {
        ssize_t done = syscall(SYS_write, trace, at, size);
        if (done <= 0) return;
        at += done, size -= done;
    }
}

/* A line "count kind offset size inode path other" with TABs between, then `size` bytes and a line's end. */
static void note_effect(const char *kind, long offset, size_t size, ino_t inode, const char *path, const char *other,
                        const void *bytes) {
    if (trace < 0) return;
    char line[3 * PATH_MAX];
    int length = snprintf(line, sizeof line, "%ld\t%s\t%ld\t%zu\t%lu\t%s\t%s\n", count, kind, offset, bytes ? size : 0,
                          (unsigned long)inode, path, other ? other : "");
    all_of(line, length);
    if (bytes && size) all_of(bytes, size);
    all_of("\n", 1);
}

static ino_t inode_of(int fd) {
    struct stat seen;
    return syscall(SYS_fstat, fd, &seen) == 0 ? seen.st_ino : 0;
}

static ino_t inode_at(const char *path) {
    struct stat seen;
    return syscall(SYS_newfstatat, AT_FDCWD, path, &seen, AT_SYMLINK_NOFOLLOW) == 0 ? seen.st_ino : 0;
}

/* Around one effect: `call` with `result`, -1 being a fault. */
#define EFFECT(type, call, down)                                                                                       \
    pthread_mutex_lock(&order);                                                                                        \
    enum verdict verdict = begins();                                                                                   \
    type result;                                                                                                       \
    if (verdict == FAIL) {                                                                                             \
        errno = number, result = -1;                                                                                   \
    } else {                                                                                                           \
        result = call;                                                                                                 \
        int kept = errno;                                                                                              \
        if (result >= 0) { down; }                                                                                     \
        errno = kept;                                                                                                  \
    }                                                                                                                  \
    if (verdict == DIE_AFTER || verdict == HALVE_AND_DIE) die();                                                       \
    int left = errno;                                                                                                  \
    pthread_mutex_unlock(&order);                                                                                      \
    errno = left;                                                                                                      \
    return result

/* --- files --------------------------------------------------------------------------------------------------------- */

static int opening(int folder, const char *name, int flags, mode_t mode) {
    char path[PATH_MAX];
    if (!on() || !(flags & (O_CREAT | O_TRUNC)) || !counts(whole(folder, name, path)))
        return syscall(SYS_openat, folder, name, flags, mode);
    struct stat seen;
    int there = syscall(SYS_newfstatat, AT_FDCWD, path, &seen, 0) == 0;
    if (there && !(flags & O_TRUNC)) return syscall(SYS_openat, folder, name, flags, mode);
    EFFECT(int, syscall(SYS_openat, folder, name, flags, mode),
           note_effect(there ? "cut" : "create", 0, 0, inode_of(result), path, NULL, NULL));
}

#define MODE()                                                                                                         \
    mode_t mode = 0;                                                                                                   \
    if (flags & (O_CREAT | O_TMPFILE)) {                                                                               \
        va_list rest;                                                                                                  \
        va_start(rest, flags);                                                                                         \
        mode = va_arg(rest, mode_t);                                                                                   \
        va_end(rest);                                                                                                  \
    }

int open(const char *name, int flags, ...) { MODE() return opening(AT_FDCWD, name, flags, mode); }
int open64(const char *name, int flags, ...) { MODE() return opening(AT_FDCWD, name, flags, mode); }
int openat(int folder, const char *name, int flags, ...) { MODE() return opening(folder, name, flags, mode); }
int openat64(int folder, const char *name, int flags, ...) { MODE() return opening(folder, name, flags, mode); }

static ssize_t sending(int fd, const void *bytes, size_t size, int flags);

static int to_network(int fd) {
    struct stat seen;
    return syscall(SYS_fstat, fd, &seen) == 0 && (S_ISSOCK(seen.st_mode) || S_ISFIFO(seen.st_mode));
}

static ssize_t writing(int fd, const void *bytes, size_t size, long offset) {
    char path[PATH_MAX];
#define RAW(much) (offset < 0 ? syscall(SYS_write, fd, bytes, much) : syscall(SYS_pwrite64, fd, bytes, much, offset))
    if (!on() || fd <= 2) return RAW(size);
    if (to_network(fd)) return sending(fd, bytes, size, 0);
    if (!counts(of_descriptor(fd, path))) return RAW(size);
    long at = offset;
    if (offset < 0) {
        struct stat seen;
        int flags = fcntl(fd, F_GETFL);
        at = flags & O_APPEND ? (syscall(SYS_fstat, fd, &seen), seen.st_size) : syscall(SYS_lseek, fd, 0, SEEK_CUR);
    }
    EFFECT(ssize_t, RAW(verdict == HALVE || verdict == HALVE_AND_DIE ? (size + 1) / 2 : size),
           note_effect("write", at, result, inode_of(fd), path, NULL, bytes));
}

ssize_t write(int fd, const void *bytes, size_t size) { return writing(fd, bytes, size, -1); }
ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset) { return writing(fd, bytes, size, offset); }
ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t offset) { return writing(fd, bytes, size, offset); }

static int on_descriptor(int fd, const char *kind, long nr, long length) {
    char path[PATH_MAX];
    if (!on() || !counts(of_descriptor(fd, path))) return syscall(nr, fd, length);
    EFFECT(int, syscall(nr, fd, length), note_effect(kind, length, 0, inode_of(fd), path, NULL, NULL));
}

int fsync(int fd) { return on_descriptor(fd, "sync", SYS_fsync, 0); }
int fdatasync(int fd) { return on_descriptor(fd, "sync", SYS_fdatasync, 0); }
int ftruncate(int fd, off_t length) { return on_descriptor(fd, "cut", SYS_ftruncate, length); }
int ftruncate64(int fd, off64_t length) { return on_descriptor(fd, "cut", SYS_ftruncate, length); }

static int on_name(int folder, const char *name, const char *kind, long nr, long more) {
    char path[PATH_MAX];
    if (!on() || !counts(whole(folder, name, path))) return syscall(nr, folder, name, more);
    ino_t inode = inode_at(path);
    EFFECT(int, syscall(nr, folder, name, more),
           note_effect(kind, 0, 0, inode ? inode : inode_at(path), path, NULL, NULL));
}

int unlink(const char *name) { return on_name(AT_FDCWD, name, "unlink", SYS_unlinkat, 0); }
int rmdir(const char *name) { return on_name(AT_FDCWD, name, "rmdir", SYS_unlinkat, AT_REMOVEDIR); }
int unlinkat(int folder, const char *name, int flags) {
    return on_name(folder, name, flags & AT_REMOVEDIR ? "rmdir" : "unlink", SYS_unlinkat, flags);
}
int mkdir(const char *name, mode_t mode) { return on_name(AT_FDCWD, name, "mkdir", SYS_mkdirat, mode); }
int mkdirat(int folder, const char *name, mode_t mode) { return on_name(folder, name, "mkdir", SYS_mkdirat, mode); }

static int naming(int from, const char *old, int to, const char *new, const char *kind, long nr, unsigned flags) {
    char before[PATH_MAX], after[PATH_MAX];
    if (!on() || !counts(whole(from, old, before)) || !counts(whole(to, new, after)))
        return syscall(nr, from, old, to, new, flags);
    ino_t inode = inode_at(before);
    EFFECT(int, syscall(nr, from, old, to, new, flags), note_effect(kind, 0, 0, inode, before, after, NULL));
}

int rename(const char *old, const char *new) {
    return naming(AT_FDCWD, old, AT_FDCWD, new, "rename", SYS_renameat2, 0);
}
int renameat(int from, const char *old, int to, const char *new) {
    return naming(from, old, to, new, "rename", SYS_renameat2, 0);
}
int renameat2(int from, const char *old, int to, const char *new, unsigned flags) {
    return naming(from, old, to, new, "rename", SYS_renameat2, flags);
}
int link(const char *old, const char *new) { return naming(AT_FDCWD, old, AT_FDCWD, new, "link", SYS_linkat, 0); }
int linkat(int from, const char *old, int to, const char *new, int flags) {
    return naming(from, old, to, new, "link", SYS_linkat, flags);
}

/* --- network ------------------------------------------------------------------------------------------------------- */

/* Not under the lock: a send may wait for the other side, which may wait for us. */
static ssize_t sending(int fd, const void *bytes, size_t size, int flags) {
    struct stat seen;
    int pipe_ = syscall(SYS_fstat, fd, &seen) == 0 && S_ISFIFO(seen.st_mode);
    pthread_mutex_lock(&order);
    enum verdict verdict = begins();
    note_effect("send", 0, 0, 0, "", NULL, NULL);
    pthread_mutex_unlock(&order);
    if (verdict == FAIL && how == FAIL_ONCE) { /* as a reset by the other side: nothing comes any more, either */
        errno = shutdown(fd, SHUT_RDWR) == 0 ? ECONNRESET : EPIPE;
        return -1;
    }
    int half = verdict == HALVE || verdict == HALVE_AND_DIE;
    size_t much = half ? (size + 1) / 2 : size;
    ssize_t result = pipe_ ? syscall(SYS_write, fd, bytes, much) : syscall(SYS_sendto, fd, bytes, much, flags, NULL, 0);
    if (verdict == DIE_AFTER || verdict == HALVE_AND_DIE) die();
    return result;
}

ssize_t send(int fd, const void *bytes, size_t size, int flags) {
    return on() ? sending(fd, bytes, size, flags) : syscall(SYS_sendto, fd, bytes, size, flags, NULL, 0);
}

/* --- the time of day ------------------------------------------------------------------------------------------------ */

int clock_gettime(clockid_t clock, struct timespec *into) {
    REAL(int, "clock_gettime", clockid_t, struct timespec *);
    int result = real(clock, into);
    if (result == 0 && clock == CLOCK_REALTIME && on()) into->tv_sec += clock_ahead;
    return result;
}

time_t time(time_t *into) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (into) *into = now.tv_sec;
    return now.tv_sec;
}

int sem_timedwait(sem_t *semaphore, const struct timespec *until) {
    REAL(int, "sem_timedwait", sem_t *, const struct timespec *);
    struct timespec really = *until;
    if (on()) really.tv_sec -= clock_ahead;
    return real(semaphore, &really);
}
