/* Faults on demand, for one process: preloaded, it counts the calls that change or flush the database's files and makes one of them
 * the last, torn, or failing. Without `fault_arm` it only counts.
 *
 *   fault_arm(at, kind)   the call number `at` (from 1) is hit; 0 disarms. Counting starts again.
 *   fault_count()         calls so far.
 *   fault_was_hit()       whether a call failed on purpose.
 *   fault_kill_after(s)   SIGKILL after so many seconds, wherever the process then is.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

enum kind { KILL_BEFORE = 0, KILL_TORN = 1, FAIL_EIO = 2, FAIL_ENOSPC = 3 };

static long calls_count = 0;
static long hit_at = 0;
static int was_hit = 0;
static enum kind hit_kind = KILL_BEFORE;

void fault_arm(long at, int kind) {
    calls_count = 0;
    was_hit = 0;
    hit_at = at;
    hit_kind = (enum kind)kind;
}

long fault_count(void) { return calls_count; }

int fault_was_hit(void) { return was_hit; }

int fault_kill_after(double seconds) {
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL};
    struct itimerspec when = {.it_value = {.tv_sec = (time_t)seconds, .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9) + 1}};
    timer_t timer;
    return timer_create(CLOCK_MONOTONIC, &event, &timer) || timer_settime(timer, 0, &when, NULL);
}

static void die(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

static int is_ours(const char *path) { return strstr(path, "/bothways.db") != NULL; }

static int is_our_file(int file) {
    char link[64], path[512];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return is_ours(path);
}

/* Returns whether this call is the one; dies here if the process is to die before it. */
static int is_hit(void) {
    if (++calls_count != hit_at) return 0;
    if (hit_kind == KILL_BEFORE) die();
    was_hit = 1;
    return 1;
}

static int failure(void) {
    errno = hit_kind == FAIL_ENOSPC ? ENOSPC : EIO;
    return -1;
}

#define REAL(type, name, ...)                                      \
    static type (*real)(__VA_ARGS__);                              \
    if (!real) real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset) {
    REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
    if (is_our_file(file) && is_hit()) {
        if (hit_kind != KILL_TORN) return failure();
        real(file, bytes, count / 2, offset);
        die();
    }
    return real(file, bytes, count, offset);
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) { return pwrite64(file, bytes, count, offset); }

ssize_t write(int file, const void *bytes, size_t count) {
    REAL(ssize_t, "write", int, const void *, size_t);
    if (is_our_file(file) && is_hit()) {
        if (hit_kind != KILL_TORN) return failure();
        real(file, bytes, count / 2);
        die();
    }
    return real(file, bytes, count);
}

#define INTERPOSE(name, ours, parameters, arguments, ...)          \
    int name parameters {                                          \
        REAL(int, #name, __VA_ARGS__);                             \
        if (ours && is_hit()) {                                    \
            if (hit_kind == KILL_TORN) die();                      \
            return failure();                                      \
        }                                                          \
        return real arguments;                                     \
    }

INTERPOSE(fsync, is_our_file(file), (int file), (file), int)
INTERPOSE(fdatasync, is_our_file(file), (int file), (file), int)
INTERPOSE(ftruncate64, is_our_file(file), (int file, off64_t length), (file, length), int, off64_t)
/* A removal is killed before, never failed: SQLite ignores that error, rightly, for the emptied log at a close. */
int unlink(const char *path) {
    REAL(int, "unlink", const char *);
    if (is_ours(path)) {
        calls_count++;
        if (calls_count == hit_at && hit_kind <= KILL_TORN) die();
    }
    return real(path);
}

int ftruncate(int file, off_t length) { return ftruncate64(file, length); }
