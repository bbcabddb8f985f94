/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <sys/stat.h>

#include "app/log.h"
#include "app/rules_input.h"
#include "base/file.h"

#define DEFAULT_NAME "monitor_rules.yaml"

static bool is_yaml(const char *path)
{
	return str_ends(str_of(path), STR(".yaml")) || str_ends(str_of(path), STR(".yml"));
}

/* Takes f's text over. */
static int add(struct rules_input *in, const char *path, struct rules_file f, struct error *err)
{
	if (in->count == in->cap) {
		size_t cap = in->cap ? 2 * in->cap : 4;
		struct rules_file *more = reallocarray(in->list, cap, sizeof(*more));

		if (!more) {
			free(f.text);
			return error_set(err, -ENOMEM, "out of memory");
		}
		in->list = more;
		in->cap = cap;
	}
	f.path = str_dup(str_of(path));
	if (!f.path) {
		free(f.text);
		return error_set(err, -ENOMEM, "out of memory");
	}
	in->list[in->count++] = f;
	return 0;
}

const char *rules_file_sha256(struct rules_file *f)
{
	if (!f->sha256[0])
		sha256_text((struct str){ f->text, f->len }, f->sha256);
	return f->sha256;
}

static int add_file(struct rules_input *in, const char *path, struct error *err)
{
	struct rules_file f = { 0 };
	int r = file_read_all(path, RULES_MAX_BYTES, &f.text, &f.len, err);

	return r < 0 ? error_prefix(err, r, "cannot read rules") : add(in, path, f, err);
}

int rules_input_add_text(struct rules_input *in, const char *name, struct str text, struct error *err)
{
	struct rules_file f = { .text = str_dup(text), .len = text.len };

	return f.text ? add(in, name, f, err) : error_set(err, -ENOMEM, "out of memory");
}

static int wanted_in_folder(const struct dirent *d)
{
	return is_yaml(d->d_name);
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name); /* not by locale: the order decides what overrides what */
}

static int add_folder(struct rules_input *in, const char *path, struct error *err)
{
	struct dirent **list = NULL;
	int n, i, r = 0;

	n = scandir(path, &list, wanted_in_folder, by_bytes);
	if (n < 0)
		return error_errno(err, -errno, "cannot read rules: %s", path);
	for (i = 0; i < n; i++) {
		char file[PATH_MAX];
		struct stat st;
		int len = snprintf(file, sizeof(file), "%s/%s", path, list[i]->d_name);

		if (r == 0 && (len < 0 || (size_t)len >= sizeof(file)))
			r = error_set(err, -ENAMETOOLONG, "cannot read rules: a path in %s is too long", path);
		else if (r == 0 && stat(file, &st) == 0 && S_ISREG(st.st_mode))
			r = add_file(in, file, err);
		free(list[i]);
	}
	free(list);
	return r;
}

static void note_barren(struct rules_input *in, const char *path, const char *why)
{
	strbuf_addf(&in->barren, "%s%s%s", in->barren.len ? ", " : "", path, why);
}

int rules_input_add(struct rules_input *in, const char *path, unsigned int flags, struct error *err)
{
	struct stat st;
	bool exists = stat(path, &st) == 0;
	size_t before = in->count;
	int r;

	in->found |= exists;
	if (exists && S_ISDIR(st.st_mode)) {
		r = add_folder(in, path, err);
		if (r == 0 && in->count == before)
			note_barren(in, path, " is a folder without *.yaml and *.yml");
		return r;
	}
	if ((exists || !(flags & RULES_INPUT_OPTIONAL)) && (is_yaml(path) || !(flags & RULES_INPUT_YAML_ONLY)))
		return add_file(in, path, err);
	note_barren(in, path, exists ? " is not named *.yaml or *.yml" : *path ? " is not there" : "an empty path");
	return 0;
}

int rules_input_add_configured(struct rules_input *in, const struct config *config, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < config->nrules_files; i++)
		r = rules_input_add(in, config->rules_files[i].ptr, RULES_INPUT_YAML_ONLY | RULES_INPUT_OPTIONAL, err);
	return r;
}

int rules_input_require(const struct rules_input *in, const char *remedy, struct error *err)
{
	if (in->count)
		return 0;
	return error_set(err, -ENOENT, "no rules: " STR_FMT "%s%s", STR_ARG(strbuf_str(&in->barren)),
			 in->barren.len && *remedy ? "; " : "", remedy);
}

/* The folder of our own program with a relative path behind it; false when it is not a readable file. */
static bool beside_program(const char *relative, char *path, size_t size)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char *slash;
	int len;

	if (n < 0)
		return false;
	exe[n] = 0;
	slash = strrchr(exe, '/');
	if (!slash)
		return false;
	*slash = 0;
	len = snprintf(path, size, "%s/%s", exe, relative);
	return len > 0 && (size_t)len < size && access(path, R_OK) == 0;
}

int rules_input_add_default(struct rules_input *in, struct error *err)
{
	static const char place[] = PKGDATADIR "/" DEFAULT_NAME;
	char path[PATH_MAX];
	int r;

	/* a build tree, then a tree that was installed elsewhere than configured, then the configured place */
	if (beside_program("rules/" DEFAULT_NAME, path, sizeof(path)) ||
	    beside_program("../share/monitor/" DEFAULT_NAME, path, sizeof(path)))
		return add_file(in, path, err);
	r = add_file(in, place, err);
	return r == -ENOENT ? error_set(err, r, "there is no %s: name a file or folder of rules with -r", place) : r;
}

int rules_input_add_given(struct rules_input *in, const struct options *o, enum option_id id, struct error *err)
{
	const char *path;
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && (path = options_nth(o, id, i)); i++)
		r = rules_input_add(in, path, 0, err);
	if (r == 0 && !in->count && i == 0)
		r = rules_input_add_default(in, err);
	return r < 0 ? r : rules_input_require(in, "", err);
}

bool rules_input_is_same(const struct rules_input *a, const struct rules_input *b)
{
	bool same = a->count == b->count;

	for (size_t i = 0; same && i < a->count; i++) {
		const struct rules_file *one = &a->list[i], *other = &b->list[i];

		same = strcmp(one->path, other->path) == 0 && one->len == other->len &&
		       memcmp(one->text, other->text, one->len) == 0;
	}
	return same;
}

void rules_input_free(struct rules_input *in)
{
	size_t i;

	for (i = 0; i < in->count; i++) {
		free(in->list[i].path);
		free(in->list[i].text);
	}
	free(in->list);
	strbuf_free(&in->barren);
	*in = (struct rules_input){ 0 };
}

/* Places in Falco's way of counting are told in its form: in ours they would be wrong. */
static void report(const struct load_result *result, bool warnings, bool ours)
{
	auto_strbuf struct strbuf text = { 0 };

	if (result->successful && !(warnings && result->nfindings))
		return;
	load_result_print(&text, result, !ours, ours);
	if (!ours)
		strbuf_addc(&text, '\n');
	if (text.len)
		log_text(result->successful ? LOG_LEVEL_WARNING : LOG_LEVEL_ERROR, strbuf_str(&text));
}

int rules_input_load(const struct rules_input *in, const struct engine_options *options, bool warnings,
		     struct rule_loader **ret_loader, struct error *err)
{
	auto_rule_loader struct rule_loader *loader = NULL;
	size_t i;
	int r;

	r = rule_loader_new(options, &loader, err);
	if (r < 0)
		return r;
	if (!options->ours)
		log_info("Loading rules from:");
	else if (in->barren.len)
		log_info("no rules come of: " STR_FMT, STR_ARG(strbuf_str(&in->barren)));
	for (i = 0; i < in->count; i++) {
		const struct rules_file *f = &in->list[i];
		const struct load_result *result;

		r = rule_loader_add(loader, str_of(f->path), (struct str){ f->text, f->len }, &result, err);
		if (r < 0)
			return r;
		if (options->ours)
			log_info("rules: %s", f->path);
		else /* as Falco tells it */
			log_info("   %s | schema validation: %s", f->path,
				 !result->parsed ? "none" : result->nschema_warnings ? "failed" : "ok");
		/* a plugin that is missing explains fields that are not known: these are not worth a word then */
		r = rule_loader_check_plugins(loader, err);
		if (r < 0)
			return error_prefix(err, r, "%s", f->path);
		report(result, warnings, options->ours);
		if (!result->successful)
			return error_set(err, -EINVAL, "%s: the rules are not used", f->path);
	}
	*ret_loader = take_ptr(loader);
	return 0;
}

static void tell_selections(const struct ruleset *rules, const struct engine_options *options)
{
	for (size_t i = 0; ruleset_count(rules) && i < options->nselections; i++) {
		const struct rule_selection *s = &options->selections[i];

		if (!ruleset_has_selected(rules, s))
			log_warning("rules[%zu] of the configuration %s nothing: no rule has the %s \"" STR_FMT "\"", i,
				    s->enable ? "enables" : "disables", s->rule.len ? "name" : "tag",
				    STR_ARG(s->rule.len ? s->rule : s->tag));
	}
}

int rules_input_finish(struct rule_loader *loader, const struct engine_options *options, struct ruleset **ret_rules,
		       struct error *err)
{
	int r = rule_loader_compile(loader, ret_rules, err);

	if (r == 0)
		tell_selections(*ret_rules, options);
	return r;
}

int rules_input_compile(const struct rules_input *in, const struct engine_options *options, bool warnings,
			struct ruleset **ret_rules, struct error *err)
{
	auto_rule_loader struct rule_loader *loader = NULL;
	int r = rules_input_load(in, options, warnings, &loader, err);

	return r < 0 ? r : rules_input_finish(loader, options, ret_rules, err);
}
