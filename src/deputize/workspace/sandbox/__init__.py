"""A sandbox by the operating system around everything that an attempt starts.

confinement  what an attempt may see and write, as a value
secrets      what nobody sees who isn't given it, as data
layers       the person's home, with room for what is made anew in it
mounts       what is to be mounted where, from a confinement and the machine as it is
bubblewrap   the arguments that make it so, and whether this machine can do it
caches       where tools keep what they download, inside
shelter      which sandbox there is, by the level that is wanted; and its folders
"""
