// Times whole processes by the kernel's own account: wall, processor time, peak memory; medians of several runs.
//
//   ProcessTimer RUNS 'NAME=COMMAND WORD …' …
//
// The commands take turns (A B C A B C …), so that a drift of the machine hits all alike; a first turn is not counted.
// Words are parted by spaces; <FILE is the command's stdin and >FILE its stdout, /dev/null where none is given; {} in a
// word is the number of the turn. Prints a row a command, tabs between: name, wall seconds (median, least, most),
// processor seconds, peak memory in bytes, exit code. No shell and no interpreter stands between, so that neither its
// start nor its memory is counted.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { maximum_words = 64, maximum_runs = 1000 };

typedef struct {
    char *name;
    char *command;
    double wall[maximum_runs], processor[maximum_runs], memory[maximum_runs];
    int code;
} subject_t;

static void fail(const char *what) {
    fprintf(stderr, "error: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec * 1e-9;
}

// The word with {} replaced by the number of the turn.
static char *filled(const char *word, int turn) {
    char *result = NULL;
    const char *mark = strstr(word, "{}");
    int length = mark ? asprintf(&result, "%.*s%d%s", (int)(mark - word), word, turn, mark + 2)
                      : asprintf(&result, "%s", word);
    if (length < 0) fail(word);
    return result;
}

static void redirect(const char *path, int flags, int descriptor) {
    int file = open(path, flags, 0600);
    if (file < 0 || dup2(file, descriptor) < 0) fail(path);
    close(file);
}

static void become(const char *command, int turn) {
    char *words[maximum_words + 1];
    int count = 0;
    const char *input = "/dev/null", *output = "/dev/null";
    char *rest = strdup(command);
    for (char *word; (word = strsep(&rest, " "));) {
        if (!*word) continue;
        char *text = filled(word, turn);
        if (*text == '<') input = text + 1;
        else if (*text == '>') output = text + 1;
        else if (count < maximum_words) words[count++] = text;
    }
    words[count] = NULL;
    redirect(input, O_RDONLY, 0);
    redirect(output, O_WRONLY | O_CREAT | O_TRUNC, 1);
    redirect("/dev/null", O_WRONLY, 2);
    execvp(words[0], words);
    _exit(127);
}

static void run(subject_t *subject, int turn) {
    double start = now();
    pid_t child = fork();
    if (child < 0) fail("fork");
    if (child == 0) become(subject->command, turn);
    int status;
    struct rusage usage;
    if (wait4(child, &status, 0, &usage) < 0) fail("wait4");
    double wall = now() - start;
    subject->code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (turn == 0) return;
    subject->wall[turn - 1] = wall;
    subject->processor[turn - 1] = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec
        + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
#ifdef __APPLE__
    subject->memory[turn - 1] = usage.ru_maxrss;
#else
    subject->memory[turn - 1] = usage.ru_maxrss * 1024.0;
#endif
}

static int compare(const void *one, const void *other) {
    double left = *(const double *)one, right = *(const double *)other;
    return (left > right) - (left < right);
}

int main(int count, char **arguments) {
    int runs = count > 2 ? atoi(arguments[1]) : 0;
    if (runs < 1 || runs > maximum_runs) {
        fputs("usage: ProcessTimer RUNS 'NAME=COMMAND WORD …' …\n", stderr);
        return 64;
    }
    int subjects_count = count - 2;
    subject_t *subjects = calloc(subjects_count, sizeof *subjects);
    for (int i = 0; i < subjects_count; i++) {
        subjects[i].command = arguments[i + 2];
        subjects[i].name = strsep(&subjects[i].command, "=");
        if (!subjects[i].command) return 64;
    }
    for (int turn = 0; turn <= runs; turn++) {
        for (int i = 0; i < subjects_count; i++) run(&subjects[i], turn);
    }
    for (int i = 0; i < subjects_count; i++) {
        subject_t *subject = &subjects[i];
        qsort(subject->wall, runs, sizeof(double), compare);
        qsort(subject->processor, runs, sizeof(double), compare);
        qsort(subject->memory, runs, sizeof(double), compare);
        printf("%s\t%.6f\t%.6f\t%.6f\t%.6f\t%.0f\t%d\n", subject->name, subject->wall[runs / 2],
            subject->wall[0], subject->wall[runs - 1], subject->processor[runs / 2],
            subject->memory[runs / 2], subject->code);
    }
}
