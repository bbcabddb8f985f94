/* SPDX-License-Identifier: Apache-2.0 */
#include "app/falco_flags.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "app/config_show.h"

#define WORDS 10

/* What a command line means, as lines of the configuration; NULL: it is refused. */
static const struct {
	const char *words[WORDS];
	const char *shown;
	const char *warning; /* NULL: none that is about the flag */
} rows[] = {
	{ { "-U" }, "buffered_outputs: false  # --unbuffered\n", NULL },
	{ { "-U", "-o", "buffered_outputs=true" }, "buffered_outputs: false  # --unbuffered\n", NULL },
	{ { "-o", "buffered_outputs=true" }, "buffered_outputs: true  # -o buffered_outputs\n", NULL },
	{ { "-e", "x.scap" }, "  kind: replay  # -e\n", "-e is of older versions of Falco" },
	{ { "-e", "x.scap" }, "    capture_file: x.scap  # -e\n", "replaced by engine.kind: replay" },
	{ { "-A" }, "  all: true  # -A\n", "-A is of older versions" },
	{ { "-b" }, "buffer_format_base64: true  # --print-base64\n", "--print-base64 is of older versions" },
	{ { "-S", "99" }, "  snaplen: 99  # --snaplen\n", "--snaplen is of older versions" },
	{ { "--snaplen=99" }, "  snaplen: 99  # --snaplen\n", "--snaplen is of older versions" },
	{ { "-T", "a", "-D", "b c", "-T", "d" },
	  "rules:\n  -\n    disable:\n      tag: a  # -T\n  -\n    disable:\n      rule: \"*b c*\"  # -D\n  -\n    disable:\n      tag: d  # -T\n",
	  "-D is of older versions" },
	{ { "-t", "a", "-t", "b" },
	  "rules:\n  -\n    disable:\n      rule: \"*\"  # -t\n  -\n    enable:\n      tag: a  # -t\n  -\n    enable:\n      tag: b  # -t\n",
	  "-t is of older versions" },
	{ { "-t", "a", "-D", "b" }, NULL, NULL },
	{ { "-t", "a", "-T", "b" }, NULL, NULL },
	{ { "--modern-bpf" }, "  kind: modern_ebpf  # --modern-bpf\n", "--modern-bpf is" },
	{ { "--nodriver" }, "  kind: nodriver  # --nodriver\n", "--nodriver is" },
	{ { "-g", "f" }, "  kind: gvisor  # --gvisor-config\n", "--gvisor-config is" },
	{ { "-p", "x %evt.num" },
	  "append_output:\n  -\n    extra_output: \"x %evt.num\"  # --print\n",
	  "-p is deprecated" },
	{ { "-p", "{x}" }, "    extra_output: \"{x}\"  # --print\n", "-p is deprecated" },
	{ { "-pc" }, "# append_output is not set\n", "-p is deprecated" },
	{ { "-pkubernetes" }, "# append_output is not set\n", "-p is deprecated" },
	{ { "-s", "f", "--stats-interval", "100" },
	  "metrics:\n  enabled: true  # -s\n  interval: 100ms  # --stats-interval\n",
	  "-s is" },
	{ { "-k", "http://x" }, "json_output: false  # default\n", "--k8s-api is accepted without effect" },
	{ { "--cri", "/s" }, "    sockets:\n      - /s  # --cri\n", "--cri is of older" },
	{ { "-u" }, NULL, NULL },
	{ { "--gvisor-generate-config" }, NULL, NULL },
	{ { "-o", "rules[]={disable: {tag: x}}" }, "      tag: x  # -o rules[]\n", NULL },
};

static int load(size_t i, struct config **ret_config)
{
	auto_options struct options o = { 0 };
	char *argv[WORDS + 4] = { (char *)"falco", (char *)"-c", (char *)"/dev/null" };
	struct error err = { 0 };
	int argc = 3, r;

	for (size_t k = 0; k < WORDS && rows[i].words[k]; k++)
		argv[argc++] = (char *)rows[i].words[k];
	if (options_parse(&(struct command){ .name = "falco" }, argc, argv, &o, &err) < 0)
		fail_msg("%s", err.text);
	r = falco_config(&o, ret_config, &err);
	assert_true(r == 0 || err.text[0]);
	return r;
}

static bool warned(const struct config *c, const char *part)
{
	for (size_t i = 0; i < c->nwarnings; i++)
		if (str_contains(c->warnings[i], str_of(part)))
			return true;
	return false;
}

static void test_flags(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_config struct config *c = NULL;
		auto_strbuf struct strbuf out = { 0 };
		int r = load(i, &c);

		if ((r == 0) != (rows[i].shown != NULL))
			fail_msg("%s %s: %d", rows[i].words[0], rows[i].words[1] ? rows[i].words[1] : "", r);
		if (r < 0)
			continue;
		config_show(&out, c);
		if (!strstr(out.ptr, rows[i].shown))
			fail_msg("%s: not in\n%s", rows[i].words[0], out.ptr);
		if (rows[i].warning && !warned(c, rows[i].warning))
			fail_msg("%s: not warned", rows[i].words[0]);
		if (!rows[i].warning && (warned(c, "older") || warned(c, "deprecated")))
			fail_msg("%s: warned", rows[i].words[0]);
	}
}

/* A flag that is used often is told of once. */
static void test_told_once(void **state)
{
	static const char *const words[] = { "falco", "-c", "/dev/null", "-D", "a", "-D", "b", "-e", "x" };
	char *argv[ARRAY_SIZE(words) + 1] = { NULL };
	auto_options struct options o = { 0 };
	auto_config struct config *c = NULL;
	struct error err = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		argv[i] = (char *)words[i];
	assert_int_equal(options_parse(&(struct command){ .name = "falco" }, ARRAY_SIZE(words), argv, &o, &err), 0);
	assert_int_equal(falco_config(&o, &c, &err), 0);
	assert_int_equal(c->nwarnings, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_flags), cmocka_unit_test(test_told_once) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
