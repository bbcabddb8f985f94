#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""compare.py MONITOR RULES FOLDER [--backend B] [--limit N] TABLE...

Runs each line of the tables natively and under the monitor, in a fresh folder with the same files, and compares exit
status, standard output and the files left behind. A line of the table "stressors" is run by stress-ng, for its status alone.
What natively does not give the same twice, or takes too long, is left out by name.
"""
import hashlib, os, shutil, stat, subprocess, sys

def lay_out(folder):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder + '/d/sub')
    os.makedirs(folder + '/e')
    def put(name, text):
        with open(f'{folder}/{name}', 'w') as f:
            f.write(text)
    put('a.txt', 'one line\ntwo lines\n\tthree\nfour lines of it\nfive\nsix\n')
    put('n.txt', '3\n1\n2\n2\n10\n')
    put('n2.txt', '1+2\n')
    put('d/x', 'x\n')
    put('d/sub/y', 'y\n')
    put('p.c', 'int main(void) { return 7; }\n')
    put('mk', 'all:\n\techo made; cp a.txt made\n')
    with open(folder + '/bin', 'wb') as f:
        f.write(bytes((i * 7 + i // 256) % 256 for i in range(1000)))
    os.symlink('a.txt', folder + '/link')

def tree(folder):
    found = {}
    for base, dirs, files in os.walk(folder):
        if '.git' in base:
            continue
        for name in dirs + files:
            path = os.path.join(base, name)
            st = os.lstat(path)
            what = (stat.S_IFMT(st.st_mode), stat.S_IMODE(st.st_mode), st.st_uid, st.st_gid, st.st_nlink)
            if stat.S_ISREG(st.st_mode) and not name.endswith(('.o', '.tar', 'db')):
                with open(path, 'rb') as f:
                    what += (hashlib.sha256(f.read()).hexdigest(),)
            found[os.path.relpath(path, folder)] = what
    return found

def run(words, folder, status_only):
    lay_out(folder)
    env = {'PATH': os.environ['PATH'], 'LC_ALL': 'C', 'HOME': '/nonexistent', 'TERM': 'dumb'}
    p = subprocess.Popen(words, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        out, _ = p.communicate(timeout=40)
    except subprocess.TimeoutExpired:
        os.killpg(p.pid, 9)
        p.communicate()
        return 'timeout', b'', {}
    return (p.returncode, b'', {}) if status_only else (p.returncode, out, tree(folder))

def main():
    monitor, rules, folder, *rest = sys.argv[1:]
    options, limit, tables = [], 10 ** 9, []
    while rest:
        word = rest.pop(0)
        if word == '--backend':
            options = ['--backend', rest.pop(0)]
        elif word == '--limit':
            limit = int(rest.pop(0))
        else:
            tables.append(word)
    same = left = different = 0
    for table in tables:
        stress = os.path.basename(table) == 'stressors'
        with open(table) as f:
            lines = [line.rstrip('\n') for line in f][:limit]
        for line in lines:
            words = ['stress-ng', '--quiet', '--' + line, '1', f'--{line}-ops', '2', '--timeout', '2'] if stress else ['sh', '-c', line]
            native = run(words, folder, stress)
            watched = run([monitor, 'run', '-r', rules, *options, '--output', '/dev/null', '--', *words], folder, stress)
            if native == watched:
                same += 1
                continue
            if native[0] == 'timeout' or run(words, folder, stress) != native:
                print(f'left out: {line}')
                left += 1
                continue
            different += 1
            what = [n for n, a, b in zip(('status', 'output', 'files'), native, watched) if a != b]
            print(f'DIFFERENT ({", ".join(what)}): {line}')
            for a, b in zip(native, watched):
                if a != b:
                    print(f'    {str(a)[:200]}\n    {str(b)[:200]}')
    print(f'{same} same, {left} left out, {different} different')
    sys.exit(different != 0 or not same)

main()
