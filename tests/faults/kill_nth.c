/* For LD_PRELOAD: kills the process (SIGKILL) before its Nth change of names: rename, renameat2, link or unlink.
 * KILL_AT: N, counted from 1; 0 for none. KILL_COUNT: a file that gets the number of such calls so far. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static atomic_long calls;

static void count_call(void) {
    const long call = atomic_fetch_add(&calls, 1) + 1;
    const char* count_file = getenv("KILL_COUNT");
    FILE* file = count_file != NULL ? fopen(count_file, "w") : NULL;
    if (file != NULL) {
        fprintf(file, "%ld\n", call);
        fclose(file);
    }
    const char* at = getenv("KILL_AT");
    if (at != NULL && atol(at) == call) kill(getpid(), SIGKILL);
}

int rename(const char* from, const char* to) {
    count_call();
    int (*next)(const char*, const char*) = dlsym(RTLD_NEXT, "rename");
    return next(from, to);
}

int renameat2(int from_folder, const char* from, int to_folder, const char* to, unsigned flags) {
    count_call();
    int (*next)(int, const char*, int, const char*, unsigned) = dlsym(RTLD_NEXT, "renameat2");
    return next(from_folder, from, to_folder, to, flags);
}

int link(const char* from, const char* to) {
    count_call();
    int (*next)(const char*, const char*) = dlsym(RTLD_NEXT, "link");
    return next(from, to);
}

int unlink(const char* path) {
    count_call();
    int (*next)(const char*) = dlsym(RTLD_NEXT, "unlink");
    return next(path);
}
