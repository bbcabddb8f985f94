/* SPDX-License-Identifier: Apache-2.0 */
#include "base/moment.h"

#include <time.h>

#include "base/units.h"

static const struct {
	char behind_date; /* 0 = there is no date */
	unsigned int digits; /* behind the second */
	const char *zone; /* NULL = the local one */
} forms[] = {
	[MOMENT_CLOCK] = { 0, 9, NULL },	 [MOMENT_CLOCK_S] = { 0, 0, NULL },
	[MOMENT_DATE] = { ' ', 9, NULL },	 [MOMENT_DATE_S] = { ' ', 0, NULL },
	[MOMENT_ISO] = { 'T', 9, "+0000" },	 [MOMENT_ISO_S] = { 'T', 0, "+0000" },
	[MOMENT_ISO_Z] = { 'T', 9, "Z" },	 [MOMENT_ISO_Z_US] = { 'T', 6, "Z" },
};

void moment_add(struct strbuf *out, uint64_t epoch_ns, enum moment_form form)
{
	time_t seconds = (time_t)(epoch_ns / NS_PER_SECOND);
	unsigned int ns = (unsigned int)(epoch_ns % NS_PER_SECOND);
	struct tm tm = { 0 };

	if (forms[form].zone)
		gmtime_r(&seconds, &tm);
	else
		localtime_r(&seconds, &tm);
	if (forms[form].behind_date)
		strbuf_addf(out, "%04d-%02d-%02d%c", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
			    forms[form].behind_date);
	strbuf_addf(out, "%02d:%02d:%02d", tm.tm_hour, tm.tm_min, tm.tm_sec);
	if (forms[form].digits)
		strbuf_addf(out, ".%0*u", (int)forms[form].digits, forms[form].digits == 9 ? ns : ns / 1000);
	if (forms[form].zone)
		strbuf_adds(out, forms[form].zone);
}
