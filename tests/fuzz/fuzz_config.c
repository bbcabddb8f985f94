/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdlib.h>

#include "app/config_show.h"

/*
 * A configuration: the first line is up to four assignments between tabs, the rest is the file. What can be
 * read is printed, and what is printed is a configuration again: it can only be refused for what an
 * assignment or a masked secret did to it.
 */
#define ASSIGNMENTS 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t cut(char *line, const char **list)
{
	char *save = NULL, *word;
	size_t n = 0;

	for (word = strtok_r(line, "\t", &save); word && n < ASSIGNMENTS; word = strtok_r(NULL, "\t", &save))
		list[n++] = word;
	return n;
}

static void look(const struct config *c)
{
	struct strbuf shown auto_strbuf = { 0 }, dumped auto_strbuf = { 0 };
	auto_config struct config *again = NULL;
	struct error err = { 0 };
	struct str item;

	config_show(&shown, c);
	config_dump(&dumped, c);
	for (size_t i = 0; i < config_items(c->load_plugins); i++)
		(void)config_item(c->load_plugins, i, &item);
	if (shown.failed || dumped.failed)
		return;
	if (config_read(STR("shown"), strbuf_str(&shown), NULL, 0, &again, &err) < 0 &&
	    str_starts(str_of(err.text), STR("shown:")) && strstr(err.text, "did not find"))
		abort(); /* it is no YAML */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
	size_t len = end ? (size_t)(end - data) : 0, n;
	auto_config struct config *c = NULL;
	const char *list[ASSIGNMENTS];
	struct error err = { 0 };
	auto_free char *line = NULL;
	int r;

	if (!end)
		return 0;
	line = strndup((const char *)data, len);
	if (!line)
		return 0;
	n = cut(line, list);
	for (size_t i = 0; i < n; i++)
		if (strstr(list[i], "config_files")) /* no files of the machine */
			return 0;
	if (memmem(data, size, "config_files", 12))
		return 0;
	r = config_read(STR("fuzz"), (struct str){ (const char *)end + 1, size - len - 1 }, list, n, &c, &err);
	if (r < 0 && (!err.text[0] || r > 0))
		abort();
	if (r == 0)
		look(c);
	return 0;
}
