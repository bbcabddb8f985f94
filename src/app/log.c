/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "app/log.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/json.h"
#include "base/moment.h"
#include "base/units.h"
#include "output/syslog_local.h"

static struct log_settings settings = { .level = LOG_LEVEL_WARNING };
static bool error_closed; /* standard error was, when we started */

static struct {
	pthread_mutex_t lock; /* held for whole messages: plugins and outputs log from their threads */
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)]; /* "" = no syslog */
	int fd;
	bool told_failure;
	unsigned long long lost; /* lines since the last that was sent */
} to_syslog = { .lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1 };

static void disconnect_syslog(void)
{
	if (to_syslog.fd >= 0)
		close(take_fd(to_syslog.fd));
}

void log_setup(const struct log_settings *s)
{
	const char *path = s->syslog ? s->syslog : "";

	pthread_mutex_lock(&to_syslog.lock);
	if (strcmp(path, to_syslog.path) != 0) {
		disconnect_syslog();
		to_syslog.told_failure = false;
		to_syslog.path[0] = '\0'; /* a path that is too long was refused with the configuration */
		if (strlen(path) < sizeof(to_syslog.path))
			memcpy(to_syslog.path, path, strlen(path) + 1);
	}
	settings = *s;
	settings.syslog = NULL;
	pthread_mutex_unlock(&to_syslog.lock);
}

bool log_level_of(struct str word, enum log_level *ret_level)
{
	static const struct {
		const char *word;
		enum log_level level;
	} levels[] = {
		{ "emergency", LOG_LEVEL_EMERGENCY }, { "alert", LOG_LEVEL_ALERT }, { "fatal", LOG_LEVEL_ALERT },
		{ "critical", LOG_LEVEL_CRITICAL },   { "error", LOG_LEVEL_ERROR }, { "warning", LOG_LEVEL_WARNING },
		{ "notice", LOG_LEVEL_NOTICE },       { "info", LOG_LEVEL_INFO },   { "informational", LOG_LEVEL_INFO },
		{ "debug", LOG_LEVEL_DEBUG },         { "trace", LOG_LEVEL_TRACE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
		if (!str_ieq(word, str_of(levels[i].word)))
			continue;
		*ret_level = levels[i].level;
		return true;
	}
	return false;
}

void log_claim_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		error_closed |= fd == STDERR_FILENO;
		/* the lowest that is free: this one. What is written to standard output is an error, as it was */
		(void)!open("/dev/null", (fd == STDOUT_FILENO ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	}
}

bool log_is_lost(void)
{
	return error_closed;
}

bool log_color(int fd)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(fd) && !(no_color && *no_color) && term && strcmp(term, "dumb") != 0;
}

static void add_time(struct strbuf *line)
{
	time_t now = time(NULL);
	struct tm tm;
	char text[64];

	if (settings.iso_time) {
		moment_add(line, (uint64_t)now * NS_PER_SECOND, MOMENT_ISO_S);
		strbuf_adds(line, ": ");
	} else if (localtime_r(&now, &tm) && strftime(text, sizeof(text), "%a %b %e %H:%M:%S %Y: ", &tm)) {
		strbuf_adds(line, text);
	}
}

static void add_message(struct strbuf *out, const char *format, va_list args)
{
	char text[2048];
	int n = vsnprintf(text, sizeof(text), format, args);

	if (n < 0)
		return;
	utf8_add_harmless(out, str_of(text)); /* messages quote what others chose: names, rule texts */
	if ((size_t)n >= sizeof(text))
		strbuf_adds(out, "...");
}

static const char *prefix(enum log_level level)
{
	if (settings.falco)
		return level <= LOG_LEVEL_ERROR ? "Error: " : "";
	return level == LOG_LEVEL_WARNING ? "warning: " : "";
}

/* systemd names the stream that is its journal: device and inode number, systemd.exec(5). */
static bool error_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char ours[64];
	struct stat st;

	if (!stream || fstat(STDERR_FILENO, &st) < 0)
		return false;
	snprintf(ours, sizeof(ours), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	return strcmp(stream, ours) == 0;
}

/*
 * In one write, so that lines of several threads do not mix. The journal takes the level from the line's
 * beginning, sd-daemon(3).
 */
static void stderr_line(enum log_level level, struct str message)
{
	auto_strbuf struct strbuf line = { 0 };

	if (error_is_journal())
		strbuf_addf(&line, "<%d>", (int)(level > LOG_LEVEL_DEBUG ? LOG_LEVEL_DEBUG : level));
	if (settings.falco && level > LOG_LEVEL_ERROR) /* "Error: " comes without the time */
		add_time(&line);
	else if (!settings.falco)
		strbuf_adds(&line, "monitor: ");
	strbuf_adds(&line, prefix(level));
	strbuf_addstr(&line, message);
	if (!line.len || line.ptr[line.len - 1] != '\n')
		strbuf_addc(&line, '\n');
	/* nobody is left to be told when standard error itself fails */
	if (!line.failed)
		(void)file_write_all(STDERR_FILENO, line.ptr, line.len);
}

/* What ends the program is said even by a quiet one. */
static bool is_shown(enum log_level level)
{
	return level <= LOG_LEVEL_ERROR || (level <= settings.level && !settings.quiet);
}

/* ---- syslog -------------------------------------------------------------------------------------------- */

/* Nobody waits for a syslog that does not read: its lines are lost, and counted. */
static int send_line(enum log_level level, struct str text, struct error *err)
{
	auto_strbuf struct strbuf line = { 0 };
	int r = to_syslog.fd < 0 ? syslog_local_connect(to_syslog.path, 0, &to_syslog.fd, err) : 0;

	if (r < 0)
		return r;
	syslog_local_head(&line, LOG_USER | (int)(level > LOG_LEVEL_DEBUG ? LOG_LEVEL_DEBUG : level), "falco");
	if (to_syslog.lost)
		strbuf_addf(&line, "(%llu lines before this one were lost) ", to_syslog.lost);
	strbuf_addstr(&line, text);
	if (line.failed)
		return error_set(err, -ENOMEM, "out of memory");
	if (send(to_syslog.fd, line.ptr, line.len, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
		return 0;
	r = -errno;
	if (r != -EAGAIN && r != -EMSGSIZE)
		disconnect_syslog();
	return error_errno(err, r, "%s", to_syslog.path);
}

/* A daemon that was started anew is another socket. */
static void syslog_line(enum log_level level, struct str text)
{
	auto_strbuf struct strbuf why = { 0 };
	struct error err = { 0 };
	int r = send_line(level, text, &err);

	if (r < 0 && to_syslog.fd < 0)
		r = send_line(level, text, &err);
	if (r == 0) {
		to_syslog.lost = 0;
		return;
	}
	to_syslog.lost++;
	if (to_syslog.told_failure || !is_shown(LOG_LEVEL_INFO))
		return;
	to_syslog.told_failure = true;
	strbuf_addf(&why, "the log does not reach syslog: %s", err.text);
	stderr_line(LOG_LEVEL_INFO, strbuf_str(&why));
}

static void syslog_text(enum log_level level, struct str text)
{
	struct str line;

	pthread_mutex_lock(&to_syslog.lock);
	while (*to_syslog.path && level <= settings.level && text.len) {
		const char *end = memchr(text.ptr, '\n', text.len);

		line = (struct str){ text.ptr, end ? (size_t)(end - text.ptr) : text.len };
		if (line.len)
			syslog_line(level, line);
		text.ptr += line.len + (end ? 1 : 0);
		text.len -= line.len + (end ? 1 : 0);
	}
	pthread_mutex_unlock(&to_syslog.lock);
}

/* ---- messages ------------------------------------------------------------------------------------------ */

static void log_line(enum log_level level, const char *format, va_list args)
{
	auto_strbuf struct strbuf message = { 0 };

	add_message(&message, format, args);
	if (message.failed)
		return;
	if (is_shown(level))
		stderr_line(level, strbuf_str(&message));
	syslog_text(level, strbuf_str(&message));
}

void log_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_line(LOG_LEVEL_ERROR, format, args);
	va_end(args);
}

void log_warning(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_line(LOG_LEVEL_WARNING, format, args);
	va_end(args);
}

void log_info(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_line(LOG_LEVEL_INFO, format, args);
	va_end(args);
}

void log_libs(enum log_level level, const char *format, ...)
{
	va_list args;

	if (settings.chooses_libs && (settings.libs_quiet || level > settings.libs))
		return;
	if (settings.chooses_libs && level > settings.level) /* libs_logger alone chooses */
		level = settings.level;
	va_start(args, format);
	log_line(level, format, args);
	va_end(args);
}

void log_text(enum log_level level, struct str text)
{
	auto_strbuf struct strbuf out = { 0 };

	utf8_add_harmless(&out, text);
	if (out.len && out.ptr[out.len - 1] != '\n')
		strbuf_addc(&out, '\n');
	if (out.failed)
		return;
	if (is_shown(level))
		(void)file_write_all(STDERR_FILENO, out.ptr, out.len);
	syslog_text(level, strbuf_str(&out));
}

int log_failure(const struct error *err, int status)
{
	log_error("%s", err->text);
	return status;
}
