/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdarg.h>
#include <time.h>
#include <unistd.h>

#include "app/log.h"
#include "base/file.h"

static struct log_settings settings = { .level = LOG_LEVEL_WARNING };
static bool error_closed; /* standard error was, when we started */

void log_setup(const struct log_settings *s)
{
	settings = *s;
}

void log_claim_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		error_closed |= fd == STDERR_FILENO;
		(void)!open("/dev/null", O_RDWR | O_CLOEXEC); /* the lowest that is free: this one */
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
		if (gmtime_r(&now, &tm) && strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S+0000: ", &tm))
			strbuf_adds(line, text);
	} else if (localtime_r(&now, &tm) && strftime(text, sizeof(text), "%a %b %e %H:%M:%S %Y: ", &tm)) {
		strbuf_adds(line, text);
	}
}

/* Messages quote what others chose (names, rule texts): no control character but line ends reaches a terminal. */
static char harmless(char c)
{
	return ((unsigned char)c < 0x20 && c != '\n' && c != '\t') || c == 0x7f ? '?' : c;
}

static void add_message(struct strbuf *line, const char *format, va_list args)
{
	char text[2048];
	int n = vsnprintf(text, sizeof(text), format, args);
	char *p;

	if (n < 0)
		return;
	for (p = text; *p; p++)
		*p = harmless(*p);
	strbuf_adds(line, text);
	if ((size_t)n >= sizeof(text))
		strbuf_adds(line, "...");
	if (!line->len || line->ptr[line->len - 1] != '\n')
		strbuf_addc(line, '\n');
}

/* What ends the program is said even by a quiet one. */
static bool is_shown(enum log_level level)
{
	return level == LOG_LEVEL_ERROR || (level <= settings.level && !settings.quiet);
}

static void log_line(enum log_level level, const char *word, const char *format, va_list args)
{
	auto_strbuf struct strbuf line = { 0 };

	if (!is_shown(level))
		return;
	if (settings.falco && level != LOG_LEVEL_ERROR) /* "Error: " comes without the time */
		add_time(&line);
	else if (!settings.falco)
		strbuf_adds(&line, "monitor: ");
	strbuf_adds(&line, word);
	add_message(&line, format, args);
	/* nobody is left to be told when standard error itself fails */
	if (!line.failed)
		(void)file_write_all(STDERR_FILENO, line.ptr, line.len);
}

void log_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_line(LOG_LEVEL_ERROR, settings.falco ? "Error: " : "", format, args);
	va_end(args);
}

void log_warning(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_line(LOG_LEVEL_WARNING, settings.falco ? "" : "warning: ", format, args);
	va_end(args);
}

void log_info(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_line(LOG_LEVEL_INFO, "", format, args);
	va_end(args);
}

void log_text(enum log_level level, struct str text)
{
	auto_strbuf struct strbuf out = { 0 };
	size_t i;

	if (!is_shown(level))
		return;
	for (i = 0; i < text.len; i++)
		strbuf_addc(&out, harmless(text.ptr[i]));
	if (out.len && out.ptr[out.len - 1] != '\n')
		strbuf_addc(&out, '\n');
	if (!out.failed)
		(void)file_write_all(STDERR_FILENO, out.ptr, out.len);
}

int log_failure(const struct error *err, int status)
{
	log_error("%s", err->text);
	return status;
}
